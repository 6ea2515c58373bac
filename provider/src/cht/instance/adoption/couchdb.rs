//! Reads CouchDB: credentials, data path, and the nodes with their places and volumes.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::VolumeMount;
use secrecy::SecretString;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::{Attr, ToValue, WriteOnly};

use super::arguments::{common, filled};
use super::pods::{self, given};
use super::site::Site;
use super::storage::{self, Held};
use crate::cht::instance::model::{Couchdb, CouchdbNode, NodeStorage, Toleration};
use crate::cht::instance::objects::{HOST_NAME_LABEL, secret};
use crate::cht::version::ChtVersion;

const DATA_DIRECTORY: &str = "/opt/couchdb/data";

/// The size of a volume that has no claim yet, which says one. No configuration can have it.
pub(super) const NO_SIZE: &str = "0";

/// Reads CouchDB.
pub(super) async fn read(site: &Site<'_>, version: &ChtVersion) -> Result<Couchdb, Diagnostics> {
    let mut mounts = Vec::new();
    let mut held = Vec::new();
    for deployment in &site.couchdb {
        let mount = data_mount(deployment).ok_or_else(|| no_data_directory(deployment))?;
        held.push(storage::read(site, deployment, &mount.name).await?);
        mounts.push(mount.sub_path.clone().unwrap_or_default());
    }
    let first = site.couchdb.first();
    let log_level = first.and_then(|node| pods::variable(node, "COUCHDB_LOG_LEVEL"));
    let container = first.and_then(pods::container);
    let capabilities = container.and_then(|container| {
        let context = container.security_context.as_ref()?;
        context.capabilities.as_ref()?.add.clone()
    });
    let (size, class) = (common_size(&held), common_class(&held));
    let Placed {
        nodes,
        node_selector,
        tolerations,
    } = placed(site, &held, (&size, class.as_deref()));
    let is_telling = nodes.len() > 1
        || nodes
            .iter()
            .any(|node| node.to_value() != CouchdbNode::default().to_value());
    let credential = |name: &str| Attr::from(site.credential(name).map(SecretString::from));
    Ok(Couchdb {
        storage_size: size,
        storage_class: class.into(),
        nodes: is_telling.then_some(nodes),
        existing_data: held.iter().any(|held| held.had_data(version)),
        data_path: data_path(&mounts)?,
        admin_user: site.credential(secret::USER).unwrap_or_default(),
        admin_password: credential(secret::PASSWORD),
        admin_password_wo: WriteOnly::new(None),
        admin_password_wo_version: None,
        secret: credential(secret::SECRET),
        uuid: credential(secret::UUID),
        log_level: log_level.unwrap_or("info").to_owned(),
        default_ulimit: first.and_then(|node| pods::variable(node, "DEFAULT_ULIMIT")) == Some("true"),
        sys_resource: capabilities.is_some_and(|added| added.iter().any(|name| name == "SYS_RESOURCE")),
        resources: container.and_then(|container| pods::resources(container.resources.as_ref())),
        node_selector,
        tolerations,
    })
}

/// The nodes, and what all of them have in common.
struct Placed {
    nodes: Vec<CouchdbNode>,
    node_selector: Option<BTreeMap<String, String>>,
    tolerations: Option<Vec<Toleration>>,
}

/// Reads where the nodes may run and what volumes they have; each tells only what is not common.
fn placed(site: &Site<'_>, held: &[Held], (size, class): (&str, Option<&str>)) -> Placed {
    let tolerations: Vec<_> = site.couchdb.iter().map(pods::tolerations).collect();
    let selectors: Vec<_> = site.couchdb.iter().map(selector).collect();
    let common_tolerations = same(&tolerations)
        .then(|| tolerations.first().cloned().flatten())
        .flatten();
    let common_selector = common(&selectors);
    let nodes = site.couchdb.iter().zip(held).zip(tolerations).zip(selectors);
    let nodes = nodes.map(|(((deployment, held), tolerations), selector)| CouchdbNode {
        node_name: held.node.clone().or_else(|| pin(deployment)),
        node_selector: selector.filter(|selector| Some(selector) != common_selector.as_ref()),
        tolerations: tolerations.filter(|_| common_tolerations.is_none()),
        storage: given(node_storage(held, size, class)),
    });
    Placed {
        nodes: nodes.collect(),
        node_selector: common_selector,
        tolerations: common_tolerations,
    }
}

/// The name of the Kubernetes node to which a pod is bound.
pub(super) fn pin(deployment: &Deployment) -> Option<String> {
    let pod = pods::pod(deployment)?;
    let selected = pod
        .node_selector
        .as_ref()
        .and_then(|selector| selector.get(HOST_NAME_LABEL));
    selected.cloned().or_else(|| pod.node_name.clone())
}

/// The labels of the Kubernetes nodes on which a pod may run, but for that which names one.
fn selector(deployment: &Deployment) -> Option<BTreeMap<String, String>> {
    let mut selector = pods::node_selector(deployment)?;
    selector.remove(HOST_NAME_LABEL);
    filled(selector)
}

fn data_mount(deployment: &Deployment) -> Option<&VolumeMount> {
    let mut mounts = pods::container(deployment)?.volume_mounts.iter().flatten();
    mounts.find(|mount| mount.mount_path.trim_end_matches('/') == DATA_DIRECTORY)
}

fn no_data_directory(deployment: &Deployment) -> Diagnostics {
    let name = deployment.metadata.name.as_deref().unwrap_or_default();
    Diagnostic::error(
        "Data of CouchDB not found",
        format!(
            "The Deployment {name} mounts no volume at {DATA_DIRECTORY}, where CouchDB has its data, so the data is lost \
             whenever its pod goes. Such an instance cannot be adopted."
        ),
    )
    .into()
}

/// The size of most volumes: that of the first one.
fn common_size(held: &[Held]) -> String {
    let first = held.iter().find_map(|held| held.size.clone());
    first.unwrap_or_else(|| NO_SIZE.to_owned())
}

/// The class of most volumes that Kubernetes has made: that of the first one.
fn common_class(held: &[Held]) -> Option<String> {
    let mut made = held.iter().filter(|held| held.is_made());
    made.find_map(|held| held.class.clone())
}

fn node_storage(held: &Held, size: &str, class: Option<&str>) -> NodeStorage {
    let own_class = held
        .class
        .clone()
        .filter(|own| held.is_made() && Some(own.as_str()) != class);
    NodeStorage {
        size: held.size.clone().filter(|own| own != size),
        class: own_class.or_else(|| held.storage.class.clone()),
        ..held.storage.clone()
    }
}

fn same(tolerations: &[Option<Vec<Toleration>>]) -> bool {
    let values = tolerations.iter().map(ToValue::to_value);
    values.clone().zip(values.skip(1)).all(|(one, next)| one == next)
}

/// The directory that all nodes have, with `%d` in the place of their numbers.
fn data_path(paths: &[String]) -> Result<String, Diagnostics> {
    let Some(first) = paths.first() else {
        return Ok(String::new());
    };
    let numbered = first.match_indices('1').map(|(at, _)| {
        let (before, after) = first.split_at(at);
        format!("{before}%d{}", after.get(1..).unwrap_or_default())
    });
    let candidates = std::iter::once(first.clone())
        .chain(numbered)
        .chain([first.replace('1', "%d")]);
    let fits = |pattern: &String| {
        let mut numbers = paths.iter().zip(1..);
        numbers.all(|(path, number): (_, usize)| *path == pattern.replace("%d", &number.to_string()))
    };
    candidates.into_iter().find(fits).ok_or_else(|| {
        Diagnostic::error(
            "Data of CouchDB is in unlike directories",
            format!(
                "CouchDB's nodes have their data in these directories of their volumes: {}. They have to be the same, but for \
                 the number of the node.",
                paths.join(", ")
            ),
        )
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_path_holds_the_number_of_the_node_where_it_differs() {
        let read = |paths: &[&str]| data_path(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["data"]).expect("it is read"), "data");
        assert_eq!(
            read(&["v1/node1", "v1/node2", "v1/node3"]).expect("it is read"),
            "v1/node%d"
        );
        assert_eq!(read(&["1/1", "2/2"]).expect("it is read"), "%d/%d");
        assert_eq!(read(&["", ""]).expect("it is read"), "");
        assert!(read(&["a", "b"]).is_err());
    }
}
