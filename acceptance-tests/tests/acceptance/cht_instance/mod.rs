//! `cht_instance`.

mod drift;
mod failures;
mod guards;
mod hosts;
mod ingress;
mod interrupted;
mod lifecycle;
mod secrets;
mod tls;
mod together;
mod topology;
mod versions;
mod volumes;
