//! `cht_instance`.

mod drift;
mod failures;
mod guards;
mod hosts;
mod ingress;
mod interrupted;
mod lifecycle;
mod reach;
mod rotation;
mod secrets;
mod tls;
mod together;
mod topology;
mod upgrade;
mod versions;
mod volumes;
