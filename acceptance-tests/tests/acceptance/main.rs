//! Acceptance tests: the real `tofu` (and `terraform`, where there is one) applies real configurations to the lab's
//! cluster through the real provider.
//!
//! One module for each resource, one for all functions, [`backups`] for the guide on them, [`certificate`] for those
//! that users would buy, and `faults` for calls that fail, processes that are killed and servers that go away;
//! [`support`] has the lab that they share. They are ignored in a plain `cargo test`, `cargo xtask test` runs them.

#![expect(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod application;
mod aws;
mod backups;
mod certificate;
mod cht_acm_certificate;
mod cht_credential;
mod cht_dns_alias;
mod cht_ebs_snapshot;
mod cht_ebs_volume;
mod cht_eks;
mod cht_eks_access_entry;
mod cht_eks_addon;
mod cht_eks_cluster;
mod cht_eks_load_balancer_controller;
mod cht_eks_node_group;
mod cht_instance;
mod cht_settings;
mod cht_snapshot_policy;
mod cht_ssh_host;
mod cht_storage_class;
mod cht_user;
mod cht_vpc;
mod cht_vsphere_anti_affinity_rule;
mod cht_vsphere_cloud_provider;
mod cht_vsphere_csi_driver;
mod cht_vsphere_data;
mod cht_vsphere_permission;
mod cht_vsphere_role;
mod cht_vsphere_virtual_machine;
mod data_sources;
mod eks_problems;
mod environment_eks;
mod examples;
mod examples_inside;
mod faults;
mod functions;
mod guides;
mod permissions;
mod reattach;
mod ssh;
mod support;
mod vsphere;
mod vsphere_anywhere;
