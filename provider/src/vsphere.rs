//! The machines of a data center: vSphere 7.0, 8.0 and 9, by the SOAP API (vim25) that all of them have; tags alone
//! have another one.
//!
//! The value `vsphere` of the provider block ([`attribute`]) says which vCenter it is and how to log in. From the wire
//! up:
//!
//! - [`xml`] has elements, [`soap`] envelopes and faults, both pure; `http` sends them, and `tls` knows the server;
//! - `session` logs in, anew if need be, and out; `begun` is how all share it, and `service` what a vCenter says of
//!   itself;
//! - `properties` reads objects, and [`reads`] makes one call of many reads at the same time;
//! - [`inventory`] finds objects by name or path, [`task`] says how far work is;
//! - `machine` has what virtual machines are and are told, and the calls about them;
//! - `in_cluster` is for the programs of vSphere that run in a Kubernetes cluster, [`cloud_provider`] and
//!   [`csi_driver`];
//! - `drs` has the rules by which machines are distributed over hosts, and the calls about them;
//! - `authorization` has what roles and permissions are, and the calls about them;
//! - `tagging` has categories and tags, and the calls about them, which `rest` makes in a session of their own;
//! - `storage_policies` are those of policy based management, an API of its own; `datastores` have URLs;
//! - `look_up` finds what data sources name; `node_lookup` and `node_fitness` find and judge machines as Kubernetes
//!   does;
//! - [`vcenter`] is what resources call, [`error`] what can fail, and [`diagnostics`] says it in a user's words.
//!
//! vCenter refuses requests whose elements are not in the order of its schema, so builders of requests keep to it.
//! Nothing of what a request or an answer says is logged.

pub mod anti_affinity_rule;
pub mod attribute;
mod authorization;
mod begun;
pub mod cloud_provider;
pub mod cluster_data;
pub mod csi_driver;
pub mod datacenter_data;
pub mod datastore_data;
mod datastores;
pub mod diagnostics;
mod drs;
mod environment;
pub mod error;
mod hosts;
mod http;
mod in_cluster;
pub mod inventory;
mod look_up;
mod machine;
pub mod network_data;
mod node_fitness;
mod node_lookup;
pub mod permission;
mod properties;
mod reads;
pub mod reference;
pub mod resource_pool_data;
mod rest;
pub mod role;
mod rules;
mod service;
mod session;
pub mod soap;
mod storage_policies;
mod tagging;
pub mod task;
pub mod template_data;
mod tls;
pub mod vcenter;
pub mod virtual_machine;
pub mod virtual_machine_data;
mod which_vcenter;
pub mod xml;

pub use self::attribute::{VSphere, VSphereDraft};
pub use self::diagnostics::VCenters;
pub use self::error::Error;
pub use self::inventory::{Found, Kind};
pub use self::properties::Properties;
pub use self::reference::Reference;
pub use self::service::Service;
pub use self::task::TaskState;
pub use self::vcenter::VCenter;
pub(crate) use self::virtual_machine::Claims as MachineClaims;
