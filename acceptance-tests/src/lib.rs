//! The lab: the real peers that acceptance tests and the demo run against, as a library.
//!
//! - [`tools`] finds or builds the programs (OpenTofu, etcd, the Kubernetes control plane, kwok), once per machine.
//! - [`cht`] plays the CHT application's HTTP API.
//! - [`cluster`] runs a real Kubernetes API server with its controllers on loopback, and plays the nodes.
//! - [`lab`] puts the two together.
//! - [`hosts`] runs hosts with a real systemd and a real sshd.
//! - [`k3s`] is a stand-in for k3s, a program that runs on such hosts.
//! - [`cloud`] is an account of AWS whose EKS has such a cluster, with what is to live in it.
//! - [`data_center`] is a vCenter whose machines are such hosts.
//! - [`environment`] reads what an example needs of hosts.
//! - [`tofu`] drives the real command line in a directory of its own and reads what it says.
//! - [`everything`] is a provider with one of everything, to hold the framework against real cores.
//! - [`aws`] runs AWS's services behind one endpoint, with an account for each test.
//! - [`vcenter`] runs a vCenter without ESXi hosts, and plays the guests of its machines.
//! - [`sshd`] plays hosts to log in to, with the real OpenSSH.
//! - [`lifeline`] makes sure that no process and no directory outlives the program that started it.
//! - `served` starts a program that prints its address, and tells why it ended.
//! - [`ports`] finds free ports for them.
//! - [`skip`] counts the tests that cannot run on this machine.
//!
//! The chores (`cargo xtask`) are in `main.rs`; the tests of the lab itself in `tests/lab/`.

pub mod aws;
pub mod cht;
pub mod cloud;
pub mod cluster;
pub mod data_center;
pub mod environment;
pub mod everything;
pub mod hosts;
pub mod k3s;
pub mod lab;
pub mod lifeline;
pub mod ports;
mod served;
pub mod skip;
pub mod sshd;
pub mod tofu;
pub mod tools;
pub mod vcenter;
