//! Directories of Kubernetes nodes that more than one instance may have its data in.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Plan;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::NodeStorage;
use crate::cht::instance::spec::{CouchDbNode, Volume};

/// Refuses the directory that the charts of CHT 4 gave to every instance, unless an adopted one has its data there:
/// moving that is not for an import to do.
pub(in crate::cht::instance) fn check(
    cx: &Context<InstanceResource>,
    plan: &Plan<'_, '_, InstanceResource>,
) -> Result<(), Diagnostics> {
    let prior = plan.prior.as_ref().filter(|prior| prior.is_adopted());
    let before = prior.map(|prior| prior.couchdb.spec().nodes).unwrap_or_default();
    let given = plan.config.couchdb.known().and_then(|couchdb| couchdb.nodes.known());
    let mut diagnostics = Diagnostics::new();
    for (index, draft) in given.into_iter().flatten().enumerate() {
        let volume = draft.known().and_then(|node| node.storage.known());
        let Some(directory) = volume
            .and_then(|volume| volume.host_path.known())
            .filter(|path| is_shared(path))
        else {
            continue;
        };
        let path = NodeStorage::path(index).attribute(NodeStorage::HOST_PATH);
        let is_there = |node: &CouchDbNode| node.storage.volume == Volume::HostPath(directory.clone());
        if before.get(index).is_some_and(is_there) {
            let detail = format!(
                "The data is in {directory}, which the charts of CHT 4 gave to every instance. It stays there, but no other \
                 instance may run on this Kubernetes node with the same directory: they would destroy each other's data."
            );
            cx.warn(Diagnostic::warning("Directory is not the instance's own", detail).at(path));
        } else {
            let detail = format!(
                "`{directory}` is the directory that the charts of CHT 4 gave to every instance, so two on one node shared \
                 their data. Move the data to a directory of this instance's own, such as `/var/lib/cht-kisumu`, and name \
                 that. An instance that has its data there already can be imported as it is."
            );
            diagnostics.push(Diagnostic::error("Directory is not the instance's own", detail).at(path));
        }
    }
    diagnostics.into_result(())
}

/// Whether a directory is one that does not follow from the instance: `/var/lib/couchdb1`.
fn is_shared(path: &str) -> bool {
    let rest = path.trim_end_matches('/').strip_prefix("/var/lib/couchdb");
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_that_every_instance_had_is_known() {
        for path in ["/var/lib/couchdb1", "/var/lib/couchdb", "/var/lib/couchdb2/"] {
            assert!(is_shared(path), "{path}");
        }
        for path in [
            "/var/lib/cht-kisumu",
            "/srv/couchdb1",
            "/var/lib/couchdb-kisumu",
            "/var/lib/cht-couchdb1",
        ] {
            assert!(!is_shared(path), "{path}");
        }
    }
}
