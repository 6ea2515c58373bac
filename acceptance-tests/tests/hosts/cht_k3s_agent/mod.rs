//! `cht_k3s_agent`, through the real command line.

mod leaving;
mod lifecycle;
