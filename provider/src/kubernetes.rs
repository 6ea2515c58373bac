//! Object sets on a Kubernetes cluster: the way of all platforms into a cluster. It knows nothing of CHT.
//!
//! A resource describes what it wants as an [`ObjectSet`], marked with its own [`OwnerId`], and then
//!
//! 1. reaches the cluster: [`Clusters::connect`] gives a [`Cluster`], [`Cluster::probe`] proves that it answers
//!    ([`connection`], [`clusters`], [`client`]; [`eks`] for clusters that take no lasting credentials);
//! 2. asks what the server would say ([`Cluster::dry_run`]) and applies, never over what is somebody else's
//!    ([`Cluster::apply`], [`ownership`]), unless somebody decided to take it over ([`takeover`]);
//! 3. waits for Deployments with a [`Rollout`], which says *why* one does not come up ([`rollout`]);
//! 4. reads the set back with one list for each kind ([`Cluster::read`]) and compares ([`drift()`]);
//! 5. deletes it in reverse ([`Cluster::delete`], [`Cluster::probe_gone`]), and a namespace only if nobody else has
//!    anything in it ([`Cluster::others_in`]).
//!
//! [`in_plan`] and [`kept`] are for resources that live in a cluster; [`component`] is for those that are nothing but
//! objects. [`storage_class`] is the one that is the same on all platforms. What belongs to others can be looked at
//! ([`lookup`]), and a Node can be emptied and changed ([`nodes`]). For other programs, [`kubeconfig`] renders the way
//! to a cluster as a file.
//!
//! Nothing here waits for the cluster: probes are called by the framework's wait, and only [`retry`](crate::retry)
//! sleeps. Every call is idempotent (reads, server-side apply, guarded patches and deletes), so a lost answer does no
//! harm, and a killed apply is continued by the next one. What fails is an [`Error`], which answers questions
//! (`is_unreachable` is never taken for "gone") and holds no secret.

mod answer;
pub mod apply;
pub mod attribute;
pub mod client;
pub mod clusters;
pub mod component;
pub mod connection;
pub mod delete;
pub mod diagnostics;
pub mod drift;
pub mod eks;
pub mod error;
pub mod identity;
pub mod in_plan;
pub mod kept;
pub mod kind;
pub mod kubeconfig;
pub mod lookup;
mod neighbors;
pub mod nodes;
pub mod object;
pub mod ownership;
pub mod quantity;
pub mod read;
pub mod request;
pub mod rollout;
mod status;
pub mod storage_class;
pub mod takeover;
#[cfg(test)]
pub(crate) mod testing;

pub use self::apply::{Apply, DryRun, ObjectSet};
pub use self::attribute::{Kubernetes, KubernetesDraft};
pub use self::client::{Cluster, Probe};
pub use self::clusters::Clusters;
pub use self::connection::Problem;
pub use self::delete::{Deleting, Remaining};
pub use self::diagnostics::Access;
pub use self::drift::{Drift, FieldDrift, FieldPath, drift, removals};
pub use self::eks::{Eks, EksClusters, EksEndpoint, EksError};
pub use self::error::{Error, FieldConflict, FieldRejection};
pub use self::kind::{KINDS, Kind};
pub use self::kubeconfig::KubeconfigFunction;
pub use self::lookup::Looked;
pub use self::nodes::Eviction;
pub use self::object::{Adopt, Object, ObjectKey};
pub use self::ownership::{MANAGED_BY_LABEL, MANAGER, OWNER_LABEL, Owner, OwnerId, Taken};
pub use self::read::{Found, LiveObject};
pub use self::request::Call;
pub use self::rollout::{Cause, Reason, Rollout, RolloutStatus};
pub use self::takeover::as_it_is;
