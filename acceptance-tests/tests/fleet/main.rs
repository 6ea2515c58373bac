//! All servers of a cluster on real hosts, with what plays k3s: begun, joined, upgraded, lost, killed in the middle,
//! taken down.
//!
//! What decides is tested beside it, with a model that is killed at every point. Here it is what acts: the provider's
//! own fleet, over a real SSH server, with a real systemd, real etcd and real API servers; no Terraform yet.

#![expect(
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "the helpers of tests fail as tests do, and a test may be a long story"
)]

mod demand;
mod host;
mod life;
mod recovery;
mod support;
