//! The lab itself, tested: what the acceptance tests take for granted of the cluster and of the command line.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of tests fail as tests do"
)]

mod aws;
mod cluster;
mod faults;
mod hosts;
mod port_forward;
mod storage;
mod support;
mod tofu;
mod vcenter;
mod workloads;
