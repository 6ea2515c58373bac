//! `cht_instance`.

mod drift;
mod failures;
mod guards;
mod interrupted;
mod lifecycle;
mod secrets;
mod together;
mod topology;
mod versions;
mod volumes;
