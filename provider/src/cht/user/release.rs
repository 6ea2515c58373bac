//! Instances whose API is too old: users are managed by the third version of the API, which knows several places.

use std::time::Duration;

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::Plan;
use tokio::time::timeout;

use super::UserResource;
use crate::cht::application::releases::Planned;
use crate::cht::application::{Application, InstanceAddress, InstanceAddressDraft, attribute};
use crate::cht::version::ChtVersion;
use crate::provider::Clients;

/// The first release with that version of the API.
const FIRST: (u64, u64) = (4, 9);

/// How long a plan waits for an instance to tell its release.
const PATIENCE: Duration = Duration::from_secs(10);

/// Refuses a plan for an instance that is known to be too old.
pub(super) async fn check(cx: &Context<UserResource>, plan: &Plan<'_, '_, UserResource>) -> Result<(), Diagnostics> {
    if !matches!(plan.action(), Action::Create | Action::Update) {
        return Ok(());
    }
    let instance = plan.config.instance.known().and_then(InstanceAddressDraft::known);
    let Some(instance) = instance else { return Ok(()) };
    match release(cx, &instance).await {
        Some(release) if (release.major, release.minor) < FIRST => Err(too_old(&release, &instance)),
        Some(_) | None => Ok(()),
    }
}

/// The release that the instance is going to have, or else the one that it has; none if that cannot be told. An
/// instance that does not answer is no reason to refuse a plan: it may not be there yet.
async fn release(cx: &Context<UserResource>, instance: &InstanceAddress) -> Option<ChtVersion> {
    if let Some(namespace) = &instance.namespace {
        let access = Clients::access(cx, instance.kubernetes.as_ref()).await.ok()?;
        match cx.clients().releases().planned(access.cluster.host(), namespace) {
            Planned::Release(release) => return Some(release),
            Planned::Unknown => return None,
            Planned::Nothing => {}
        }
    }
    let asked = timeout(PATIENCE, async {
        let application = Application::connect(cx, instance).await.ok().flatten()?;
        application.client.deploy_info().await.ok()
    });
    let info = asked.await.ok().flatten()?;
    // An unreleased build has the name of its branch in place of a version.
    info.version.parse().ok()
}

fn too_old(release: &ChtVersion, instance: &InstanceAddress) -> Diagnostics {
    let attribute = match instance.namespace {
        Some(_) => InstanceAddress::NAMESPACE,
        None => InstanceAddress::URL,
    };
    let (major, minor) = FIRST;
    let detail = format!(
        "The instance runs CHT {release}, and users can be managed from CHT {major}.{minor} on: earlier ones lack the API for it. \
         Upgrade the instance; if `cht_version` is raised in the same configuration, take the namespace of the user from that \
         instance."
    );
    Diagnostic::error("CHT release is too old for users", detail)
        .at(attribute::path(attribute))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_of_the_address_that_leads_to_the_old_release_is_blamed() {
        let release = "4.8.1".parse().unwrap();
        let inside = InstanceAddress {
            namespace: Some("cht-kisumu".to_owned()),
            ..InstanceAddress::default()
        };
        for (instance, expected) in [
            (inside, "instance.namespace"),
            (InstanceAddress::default(), "instance.url"),
        ] {
            let refused = too_old(&release, &instance);
            let path = refused.iter().next().and_then(|error| error.path.as_ref());
            assert_eq!(path.map(ToString::to_string).as_deref(), Some(expected));
        }
    }
}
