//! CouchDB in the specification: its nodes, and what each of them has of its own.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ResourceRequirements, Toleration};

/// The database: one node, or a cluster of several.
#[derive(Debug, Clone)]
pub struct CouchDb {
    /// The nodes, of which there is at least one.
    pub nodes: Vec<CouchDbNode>,
    /// The directory of each volume that holds the data; empty for the volume's root. `%d` is a cluster node's number.
    pub data_path: String,
    /// Whether data has to be there already.
    pub existing_data: bool,
    /// CouchDB's own log level.
    pub log_level: String,
    /// What each CouchDB container asks for and is limited to.
    pub resources: ResourceRequirements,
    /// Variables of each CouchDB container beside those that the instance itself needs, which win.
    pub env: BTreeMap<String, String>,
    /// Whether the containers leave the limit of open files as it is.
    pub default_ulimit: bool,
    /// Whether the containers may raise the limit of open files beyond that of the Kubernetes node.
    pub sys_resource: bool,
}

/// One CouchDB node.
#[derive(Debug, Clone, Default)]
pub struct CouchDbNode {
    /// The Kubernetes node on which it runs, if it is bound to one.
    pub node_name: Option<String>,
    /// Labels of the Kubernetes nodes on which it may run.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the pod tolerates.
    pub tolerations: Vec<Toleration>,
    /// Its volume.
    pub storage: Storage,
}

/// The volume of a CouchDB node.
#[derive(Debug, Clone, Default)]
pub struct Storage {
    /// The size, a Kubernetes quantity.
    pub size: String,
    /// The storage class, if it is not the cluster's default.
    pub class: Option<String>,
    /// Where the volume comes from.
    pub volume: Volume,
    /// The partition of an existing disk, if it has any.
    pub partition: Option<i32>,
    /// The zone of an existing disk, outside of which the pod cannot run.
    pub zone: Option<String>,
}

/// Where a volume comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Volume {
    /// The storage class makes one.
    #[default]
    New,
    /// A volume of Amazon EBS, by id.
    Ebs(String),
    /// A disk of Google Compute Engine, by name.
    GceDisk(String),
    /// A directory of the Kubernetes node.
    HostPath(String),
    /// A volume of the vSphere CSI driver, by handle.
    VsphereCsi(String),
    /// A PersistentVolume that is there already.
    Existing(String),
    /// A claim of the namespace that is there already.
    Claim(String),
}

/// A CouchDB node with its place among the nodes, from which its names follow.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The number, from 1 on; none for the only node.
    pub number: Option<usize>,
    /// The node.
    pub node: &'a CouchDbNode,
}

impl CouchDb {
    /// One node with a volume of that size, and everything else as usual.
    #[must_use]
    pub fn with_storage_size(storage_size: impl Into<String>) -> Self {
        let storage = Storage {
            size: storage_size.into(),
            ..Storage::default()
        };
        Self {
            nodes: vec![CouchDbNode {
                storage,
                ..CouchDbNode::default()
            }],
            data_path: "data".to_owned(),
            existing_data: false,
            log_level: "info".to_owned(),
            resources: ResourceRequirements::default(),
            env: BTreeMap::new(),
            default_ulimit: false,
            sys_resource: false,
        }
    }

    /// Whether there are several nodes.
    #[must_use]
    pub fn is_clustered(&self) -> bool {
        self.nodes.len() > 1
    }

    /// The nodes, each with its number.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let is_clustered = self.is_clustered();
        self.nodes.iter().enumerate().map(move |(index, node)| Member {
            number: is_clustered.then_some(index + 1),
            node,
        })
    }
}

impl Member<'_> {
    /// The official label, which is also the Service's name: `couchdb` or `couchdb-1`.
    #[must_use]
    pub fn component(&self) -> String {
        self.numbered("couchdb")
    }

    /// The name of the Deployment and of its main container: `cht-couchdb` or `cht-couchdb-1`.
    #[must_use]
    pub fn workload(&self) -> String {
        self.numbered("cht-couchdb")
    }

    /// The name of a claim that is made for it: `couchdb-claim0` or `couchdb-1-claim0`.
    #[must_use]
    pub fn claim(&self) -> String {
        format!("{}-claim0", self.component())
    }

    /// The name of a PersistentVolume that is made for it: that of the namespace is in it, as volumes have none.
    #[must_use]
    pub fn volume(&self, namespace: &str) -> String {
        self.numbered(&format!("couchdb-pv-{namespace}"))
    }

    /// The claim that its pod mounts.
    #[must_use]
    pub fn mounted_claim(&self) -> String {
        match &self.node.storage.volume {
            Volume::Claim(name) => name.clone(),
            _ => self.claim(),
        }
    }

    /// Whether it is the only node, or that which brings the others together.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.number.is_none_or(|number| number == 1)
    }

    /// The directory of its volume that holds the data.
    #[must_use]
    pub fn data_path(&self, couchdb: &CouchDb) -> String {
        match self.number {
            Some(number) => couchdb.data_path.replace("%d", &number.to_string()),
            None => couchdb.data_path.clone(),
        }
    }

    /// A name with its number, if it has one.
    #[must_use]
    pub fn numbered(&self, name: &str) -> String {
        match self.number {
            Some(number) => format!("{name}-{number}"),
            None => name.to_owned(),
        }
    }
}

impl Volume {
    /// Whether a PersistentVolume is made for it, which leads to a disk that is there already.
    #[must_use]
    pub fn is_made_by_us(&self) -> bool {
        match self {
            Self::Ebs(_) | Self::GceDisk(_) | Self::HostPath(_) | Self::VsphereCsi(_) => true,
            Self::New | Self::Existing(_) | Self::Claim(_) => false,
        }
    }
}
