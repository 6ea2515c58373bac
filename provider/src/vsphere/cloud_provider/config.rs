//! The configuration of the cloud provider. It reads YAML, of which JSON is a part. No credentials are in it: it is
//! told which Secret has them.

use serde_json::{Map, Value, json};
use tf_framework::custom_types::{Cidr, Text};
use tf_framework::{Attr, Timeouts, WriteOnly};

use super::super::in_cluster::login::VCenterLogin;
use super::model::{CloudProviderModel, NodeAddresses};
use super::objects::{NAMESPACE, SECRET};

/// Where the authorities are that may have signed the vCenter's certificate.
const CA_FILE: &str = "/etc/cloud/ca.pem";

/// The text of the configuration.
pub(super) fn text(model: &CloudProviderModel) -> String {
    let login = &model.vcenter;
    let vcenter = json!({
        "server": login.server,
        "port": login.port,
        "insecureFlag": login.insecure,
        "datacenters": login.datacenters,
        "caFile": login.ca_certificate.as_ref().map(|_| CA_FILE),
        "thumbprint": login.pinned(),
        "secretName": SECRET,
        "secretNamespace": NAMESPACE,
        "ipFamily": model.ip_families,
    });
    let labels = json!({ "region": model.region_category, "zone": model.zone_category });
    let config = json!({
        "global": { "port": login.port, "insecureFlag": login.insecure, "secretName": SECRET, "secretNamespace": NAMESPACE },
        "vcenter": { &login.server: said(vcenter) },
        "labels": said(labels),
        "nodes": said(model.node_addresses.as_ref().map(addresses).unwrap_or_else(|| json!({}))),
    });
    format!("{config:#}\n")
}

/// Takes up what a text says, for an import. The password is not in it.
pub(super) fn read(text: &str, model: &mut CloudProviderModel) -> Option<()> {
    let config: Value = serde_json::from_str(text).ok()?;
    let vcenter = config.get("vcenter")?.as_object()?.values().next()?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let list = |value: &Value, key: &str| {
        let items = value.get(key)?.as_array()?;
        Some(
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect::<Vec<_>>(),
        )
    };
    model.vcenter = VCenterLogin {
        server: text(vcenter, "server")?,
        port: u16::try_from(vcenter.get("port")?.as_u64()?).ok()?,
        datacenters: list(vcenter, "datacenters")?,
        thumbprint: text(vcenter, "thumbprint"),
        insecure: vcenter.get("insecureFlag")?.as_bool()?,
        ..model.vcenter.clone()
    };
    model.ip_families = list(vcenter, "ipFamily");
    let labels = config.get("labels")?;
    model.region_category = text(labels, "region");
    model.zone_category = text(labels, "zone");
    let nodes = config.get("nodes")?;
    let network = |key: &str| text(nodes, key)?.parse().ok();
    let has_any = nodes.as_object().is_some_and(|nodes| !nodes.is_empty());
    model.node_addresses = has_any.then(|| NodeAddresses {
        internal_cidr: network("internalNetworkSubnetCidr"),
        external_cidr: network("externalNetworkSubnetCidr"),
        exclude_internal_cidr: network("excludeInternalNetworkSubnetCidr"),
        exclude_external_cidr: network("excludeExternalNetworkSubnetCidr"),
        internal_network: text(nodes, "internalVmNetworkName"),
        external_network: text(nodes, "externalVmNetworkName"),
    });
    Some(())
}

/// A model that says nothing yet.
pub(super) fn unsaid() -> CloudProviderModel {
    CloudProviderModel {
        kubernetes: None,
        vcenter: VCenterLogin {
            server: String::new(),
            port: 443,
            user: String::new(),
            password: None,
            password_wo: WriteOnly::new(None),
            password_wo_version: None,
            datacenters: Vec::new(),
            ca_certificate: None,
            thumbprint: None,
            insecure: false,
        },
        version: Attr::Null,
        image_registry: String::new(),
        region_category: None,
        zone_category: None,
        node_addresses: None,
        ip_families: None,
        skip_node_deletion: false,
        drift: Attr::Null,
        timeouts: Timeouts::default(),
    }
}

fn addresses(addresses: &NodeAddresses) -> Value {
    let network = |network: &Option<Text<Cidr>>| network.as_ref().map(|network| network.as_str().to_owned());
    json!({
        "internalNetworkSubnetCidr": network(&addresses.internal_cidr),
        "externalNetworkSubnetCidr": network(&addresses.external_cidr),
        "excludeInternalNetworkSubnetCidr": network(&addresses.exclude_internal_cidr),
        "excludeExternalNetworkSubnetCidr": network(&addresses.exclude_external_cidr),
        "internalVmNetworkName": addresses.internal_network,
        "externalVmNetworkName": addresses.external_network,
    })
}

/// What is said: nulls are left out.
fn said(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}
