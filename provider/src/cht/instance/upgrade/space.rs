//! Whether there is room for an upgrade: the indexes of the new version are built beside those of the one that runs.
//!
//! What is used is what the application tells of its databases, which is not everything on the disk; what is free is at
//! most what that leaves of the volumes. So what is too little here is too little. What cannot be told is not judged,
//! such as the space in a directory of a node. The kubelet would know it exactly, but whoever may ask it may also run
//! commands in any pod of its node.

use k8s_openapi::api::core::v1::PersistentVolume;
use serde_json::Value as Json;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use crate::cht::application::Way;
use crate::cht::client::Client;
use crate::cht::instance::live::volumes;
use crate::cht::instance::model::{InstanceModel, NodeStorage};
use crate::cht::transport::Transport;
use crate::cht::version::ChtVersion;
use crate::kubernetes::{Access, Error, LiveObject, ObjectKey, quantity};

/// How many times what the databases use is to be free, as
/// [CHT's documentation](https://docs.communityhealthtoolkit.org/hosting/cht/requirements/) asks.
const FACTOR: u64 = 5;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What there is to say of the room for an upgrade; nothing if there is enough, if none is needed, or if that cannot be
/// told.
pub(super) async fn shortage(
    access: &Access,
    client: &Client<Way>,
    model: &InstanceModel,
    target: &ChtVersion,
) -> Result<Option<Diagnostic>, Diagnostics> {
    let looked = look(access, model, client).await;
    let space = looked.map_err(access.explain("Unable to look at the cluster"))?;
    let Some(space) = space.filter(|space| !space.is_enough()) else {
        return Ok(None);
    };
    if needs_none(client, target).await {
        return Ok(None);
    }
    Ok(Some(space.told(model, target)))
}

/// The space on the volumes of all nodes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Space {
    used: u64,
    capacity: u64,
}

impl Space {
    fn free(self) -> u64 {
        self.capacity.saturating_sub(self.used)
    }

    fn is_enough(self) -> bool {
        self.free() >= self.used.saturating_mul(FACTOR)
    }

    fn told(self, model: &InstanceModel, target: &ChtVersion) -> Diagnostic {
        let upgrade = model.upgrade.as_ref();
        let is_required = upgrade.and_then(|upgrade| upgrade.require_disk_headroom) == Some(true);
        let choice = if is_required {
            "To take the risk, remove `require_disk_headroom`."
        } else {
            "To have such an upgrade refused, set `upgrade = { require_disk_headroom = true }`."
        };
        let (used, free, capacity) = (amount(self.used), amount(self.free()), amount(self.capacity));
        let enough = self.used.saturating_mul(FACTOR + 1).div_ceil(GIB);
        let detail = format!(
            "CHT {target} builds its indexes beside those of the version that runs, for which CHT's documentation asks for \
             {FACTOR} times the space that the databases use. They use {used}, and of the {capacity} of CouchDB's data volumes \
             at most {free} are free. A volume that is full stops CouchDB.\n\nLet the volumes grow first, in an apply of its own: \
             {enough}Gi in all are enough. {choice}"
        );
        let summary = "Too little space for the upgrade";
        let diagnostic = if is_required {
            Diagnostic::error(summary, detail)
        } else {
            Diagnostic::warning(summary, detail)
        };
        let only_node = model.couchdb.nodes.as_deref().filter(|nodes| nodes.len() == 1);
        diagnostic.at(NodeStorage::size_path(0, only_node.and_then(<[_]>::first)))
    }
}

async fn look<T: Transport>(
    access: &Access,
    model: &InstanceModel,
    client: &Client<T>,
) -> Result<Option<Space>, Error> {
    let used = match client.monitoring().await {
        Ok(monitoring) => monitoring.bytes_on_disk(),
        Err(error) => {
            tracing::info!(
                error = error_chain(&error),
                "the space that the databases use cannot be told"
            );
            return Ok(None);
        }
    };
    let mut capacity: u64 = 0;
    for member in model.couchdb.spec().members() {
        let claim = volumes::claim_key(&model.namespace, &member.mounted_claim());
        let Some(claim) = access.cluster.look_at(&claim).await?.known().flatten() else {
            return Ok(None);
        };
        let Some(name) = claim.json().pointer("/spec/volumeName").and_then(Json::as_str) else {
            return Ok(None);
        };
        let volume = access
            .cluster
            .look_at(&ObjectKey::cluster::<PersistentVolume>(name))
            .await?;
        let Some(bytes) = volume
            .known()
            .flatten()
            .and_then(|volume| known_capacity(&claim, &volume))
        else {
            return Ok(None);
        };
        capacity = capacity.saturating_add(bytes);
    }
    Ok(Some(Space { used, capacity }))
}

/// The bytes that a volume has for itself. A directory has what its disk has, whatever its claim says.
fn known_capacity(claim: &LiveObject, volume: &LiveObject) -> Option<u64> {
    let mut directories = ["/spec/hostPath", "/spec/local"].into_iter();
    if directories.any(|source| volume.json().pointer(source).is_some()) {
        return None;
    }
    let size = claim.json().pointer("/status/capacity/storage")?.as_str()?;
    u64::try_from(quantity::billionths(size)? / 1_000_000_000).ok()
}

/// Whether a version needs no more room: its indexes are being built already, or it has none to build. An application
/// that does not tell is taken to have some.
async fn needs_none<T: Transport>(client: &Client<T>, target: &ChtVersion) -> bool {
    let is_target = |version: &str| version == target.to_string();
    let upgrades = client.upgrades().await.ok();
    let is_begun = upgrades.and_then(|upgrades| upgrades.upgrade_doc);
    is_begun.is_some_and(|log| is_target(&log.to.version)) || matches!(client.has_to_index(target).await, Ok(false))
}

fn amount(bytes: u64) -> String {
    let mib = bytes.div_ceil(MIB);
    if mib < 1024 {
        return format!("{mib} MiB");
    }
    format!("{}.{} GiB", mib / 1024, mib % 1024 * 10 / 1024)
}

#[cfg(test)]
mod tests;
