//! `cht_k3s_agent`, through the real command line.

mod disruption;
mod leaving;
mod lifecycle;
mod takeover;
