//! `cht_k3s_cluster`, through the real command line: its six steps, hosts that reach nothing, an upgrade in use, what
//! goes wrong, and what k3s does that nobody expects.

mod air_gap;
mod killed;
mod lifecycle;
mod refusals;
mod repair;
mod secrets;
mod takeover;
mod traps;
mod upgrade;
