//! What is decided when a cluster is begun: a change is refused, as it would need another cluster, and the data of this
//! one would be lost with it.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::k3s::cluster::model::{AuthorityDraft, ClusterModel, ClusterModelDraft, Datastore};
use crate::k3s::cluster::validate::networks;
use crate::k3s::paths;

/// An attribute, what it comes down to where that is known, and why it cannot be changed.
struct Decision {
    attribute: &'static str,
    value: fn(&ClusterModelDraft) -> Option<String>,
    reason: &'static str,
}

const DECISIONS: [Decision; 7] = [
    Decision {
        attribute: ClusterModel::HTTPS_LISTEN_PORT,
        value: |cluster| cluster.https_listen_port.known().map(ToString::to_string),
        reason: "Servers and agents know each other by it.",
    },
    Decision {
        attribute: ClusterModel::CLUSTER_CIDR,
        value: |cluster| Some(format!("{:?}", networks::pods(cluster)?)),
        reason: "Every node has its part of it, and every pod its address.",
    },
    Decision {
        attribute: ClusterModel::SERVICE_CIDR,
        value: |cluster| Some(format!("{:?}", networks::services(cluster)?)),
        reason: "Every service has its address in it, and the API's certificate is for one of them.",
    },
    Decision {
        attribute: ClusterModel::CLUSTER_DOMAIN,
        value: |cluster| cluster.cluster_domain.known().cloned(),
        reason: "Names of services are in it, and CouchDB keeps those of its nodes.",
    },
    Decision {
        attribute: ClusterModel::DATA_DIR,
        value: |cluster| {
            let given = cluster.data_dir.decided()?;
            Some(given.map_or(paths::DATA_DIR, String::as_str).to_owned())
        },
        reason: "k3s would begin with an empty directory beside the real data.",
    },
    Decision {
        attribute: ClusterModel::SECRETS_ENCRYPTION,
        value: |cluster| cluster.secrets_encryption.known().map(ToString::to_string),
        reason: "The Secrets that are stored would not be readable any more.",
    },
    Decision {
        attribute: ClusterModel::CA,
        value: certificates,
        reason: "k3s takes authorities when the first server starts for the first time, and never again.",
    },
];

/// The certificates of the authorities that are given; their keys are not stored.
fn certificates(cluster: &ClusterModelDraft) -> Option<String> {
    let Some(ca) = cluster.ca.decided()? else {
        return Some(String::new());
    };
    let all = [
        &ca.server,
        &ca.client,
        &ca.request_header,
        &ca.etcd_server,
        &ca.etcd_peer,
    ];
    let certificate = |authority: &Attr<AuthorityDraft>| match authority.decided()? {
        Some(authority) => authority.certificate.known().cloned(),
        None => Some(String::new()),
    };
    let all: Option<Vec<String>> = all.into_iter().map(certificate).collect();
    Some(all?.join(" "))
}

/// Refuses changes of what was decided when the cluster was begun.
pub(super) fn check(prior: &ClusterModelDraft, planned: &ClusterModelDraft, diagnostics: &mut Diagnostics) {
    for Decision {
        attribute,
        value,
        reason,
    } in DECISIONS
    {
        let is_changed = match (value(prior), value(planned)) {
            (Some(prior), Some(planned)) => prior != planned,
            _ => false,
        };
        if is_changed {
            let detail = format!("{reason} Put the old value of `{attribute}` back.");
            diagnostics.push(Diagnostic::error("Cannot be changed", detail).at(attribute));
        }
    }
    check_datastore(prior, planned, diagnostics);
}

/// k3s can move data from SQLite to etcd, and no other way.
fn check_datastore(prior: &ClusterModelDraft, planned: &ClusterModelDraft, diagnostics: &mut Diagnostics) {
    let (Some(from), Some(to)) = (kind(prior), kind(planned)) else {
        return;
    };
    let path = |attribute| Path::new(ClusterModel::DATASTORE).attribute(attribute);
    if from != to && (from, to) != ("sqlite", "etcd") {
        let detail = format!(
            "The cluster has its data in {from}, and k3s can move data from sqlite to etcd, and no other way. Put the old value of \
             `datastore` back."
        );
        let at = if planned.datastore.is_null() {
            Path::new(ClusterModel::DATASTORE)
        } else {
            path(Datastore::KIND)
        };
        diagnostics.push(Diagnostic::error("Cannot be changed", detail).at(at));
    }
}

/// The kind of the datastore, where it is known.
pub(super) fn kind(cluster: &ClusterModelDraft) -> Option<&str> {
    match &cluster.datastore {
        Attr::Unknown => None,
        Attr::Null => Some("etcd"),
        Attr::Known(datastore) => datastore.kind.known().map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::k3s::cluster::fixtures::{draft, with};

    #[track_caller]
    fn refused(from: Json, to: Json) -> Vec<String> {
        let mut diagnostics = Diagnostics::new();
        check(&draft(&with(from)), &draft(&with(to)), &mut diagnostics);
        let paths = diagnostics.iter().map(|one| one.path.as_ref().expect("a path"));
        paths.map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_decided_once_is_not_changed() {
        for (attribute, value) in [
            ("https_listen_port", json!(7443)),
            ("cluster_cidr", json!(["10.50.0.0/16"])),
            ("service_cidr", json!(["10.51.0.0/16"])),
            ("cluster_domain", json!("k3s.example")),
            ("data_dir", json!("/srv/k3s")),
            ("secrets_encryption", json!(true)),
            ("ca", json!({"server": {"certificate": "PEM"}})),
        ] {
            let changed = json!({ attribute: value });
            assert_eq!(refused(json!({}), changed.clone()), [attribute]);
            assert_eq!(refused(changed.clone(), changed), Vec::<String>::new());
        }
    }

    #[test]
    fn another_way_to_say_the_same_is_no_change() {
        for (attribute, usual) in [
            ("cluster_cidr", json!(["10.42.0.0/16"])),
            ("service_cidr", json!(["10.43.0.0/16"])),
            ("data_dir", json!("/var/lib/rancher/k3s")),
            ("datastore", json!({"type": "etcd"})),
        ] {
            assert_eq!(refused(json!({}), json!({ attribute: usual })), Vec::<String>::new());
        }
    }

    #[test]
    fn data_goes_from_sqlite_to_etcd_and_no_other_way() {
        let of =
            |kind: &str| json!({"datastore": {"type": kind, "endpoint": (kind == "external").then_some("mysql://a")}});
        assert_eq!(refused(of("sqlite"), json!({})), Vec::<String>::new());
        assert_eq!(refused(of("sqlite"), of("external")), ["datastore.type"]);
        assert_eq!(refused(json!({}), of("sqlite")), ["datastore.type"]);
        assert_eq!(refused(of("external"), json!({})), ["datastore"]);
    }
}
