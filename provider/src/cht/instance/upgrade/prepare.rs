//! Staging a version before the images are exchanged.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostics, Severity};
use tokio::sync::Mutex;

use super::guard::VersionChange;
use super::images::Images;
use super::refusals::{failed, refused};
use super::rivals;
use super::space::shortage;
use super::target::{Target, tag};
use crate::cht::application::Way;
use crate::cht::client::Client;
use crate::cht::error::Error;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::live::application;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::patience::Patience;
use crate::cht::instance::record::{Record, Stage};
use crate::cht::readiness::{Readiness, readiness};
use crate::cht::upgrade::path::{Path, path};
use crate::cht::upgrade::{Staging, Step};
use crate::cht::version::ChtVersion;
use crate::kubernetes::{Access, Found};

/// What is added when time is over: nothing is lost.
const GOES_ON: &str = "CHT goes on with it, and the next apply waits for it again. ";

/// What an update finds of the version that it is to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cht::instance) enum Installed {
    /// The version runs already, or is prepared: it starts within minutes.
    Warm,
    /// The version has to index the data when it starts.
    Cold,
}

impl Installed {
    /// How long the version may take to start.
    pub(in crate::cht::instance) fn patience(self, model: &InstanceModel) -> Patience {
        match self {
            Installed::Warm => Patience::of_start(model),
            Installed::Cold => Patience::of_indexing(model, GOES_ON),
        }
    }
}

/// An upgrade that is to be prepared.
pub(in crate::cht::instance) struct Preparation<'a> {
    pub(in crate::cht::instance) access: &'a Access,
    pub(in crate::cht::instance) prior: &'a InstanceModel,
    pub(in crate::cht::instance) model: &'a InstanceModel,
    pub(in crate::cht::instance) credentials: &'a Credentials,
    pub(in crate::cht::instance) found: &'a Found,
}

impl Preparation<'_> {
    /// Lets the running version prepare the one that is wanted, unless that is done, or not wanted.
    ///
    /// An update that was killed is continued: what was asked for goes on in the CHT, and once the API has the new
    /// image, only its start is left.
    pub(in crate::cht::instance) async fn run(&self, cx: &Context<InstanceResource>) -> Result<Installed, Diagnostics> {
        let images = Images::of(self.found);
        let target = Target::of(self.model).map(|target| target.version);
        let target = match (images.api(), target) {
            (Some(image), Some(target)) if image != target.to_string() => target,
            _ => return self.look(cx).await,
        };
        if is_direct(self.model) {
            self.check_space(cx, &target).await?;
            return Ok(Installed::Cold);
        }
        let running = self.wait_until_running(cx).await?;
        let change = VersionChange {
            model: self.model,
            prior: self.prior,
            found: self.found,
        };
        change.check(running.as_ref())?;
        match running.map(|running| path(&running, &target)) {
            Some(Path::None) => Ok(Installed::Warm),
            // Nobody stages a version that comes before the running one.
            Some(Path::Downgrade) => Ok(Installed::Cold),
            Some(Path::Upgrade | Path::Stopover) | None => {
                self.check_space(cx, &target).await?;
                self.stage(cx, target).await
            }
        }
    }

    /// Looks at a version that nothing prepares, or whose image came already: an update that was killed may have left
    /// it while it indexes the data.
    async fn look(&self, cx: &Context<InstanceResource>) -> Result<Installed, Diagnostics> {
        if was_usable(self.model, self.found) {
            return Ok(Installed::Warm);
        }
        let running = application::live_version(cx, self.access, self.model).await?;
        let runs = running.as_deref() == Some(tag(self.model));
        Ok(if runs { Installed::Warm } else { Installed::Cold })
    }

    /// Refuses what would not find room, and warns of it where the plan could not ask.
    async fn check_space(&self, cx: &Context<InstanceResource>, target: &ChtVersion) -> Result<(), Diagnostics> {
        let could_ask = self.prior.live_version.known().is_some();
        match shortage(self.access, &self.client(cx)?, self.model, target).await? {
            Some(error) if error.severity == Severity::Error => Err(error.into()),
            Some(warning) if !could_ask => {
                cx.warn(warning);
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Waits until the CHT serves, in whatever version: only then it can prepare another one.
    async fn wait_until_running(&self, cx: &Context<InstanceResource>) -> Result<Option<ChtVersion>, Diagnostics> {
        let what = "the running CHT, which has to prepare the upgrade";
        let patience = Patience::of_start(self.model);
        cx.wait(what, Backoff::QUICK, || async {
            let client = self.client(cx)?;
            let status = match readiness(&client, None).await {
                Ok(Readiness::Ready { version, .. }) => return Ok(Progress::Ready(version.parse().ok())),
                Ok(Readiness::Unauthorized) => return Err(application::unauthorized()),
                Ok(other) => other.to_string(),
                Err(error) => application::status(&error)?,
            };
            let status = format!(
                "{status}. If CHT cannot be made to run in its present version, set `upgrade = {{ mode = \"direct\" }}`"
            );
            patience.check(what, &status)?;
            Ok(Progress::Pending(status))
        })
        .await
    }

    async fn stage(&self, cx: &Context<InstanceResource>, target: ChtVersion) -> Result<Installed, Diagnostics> {
        let what = format!("CHT {target} to be staged");
        let patience = Patience::of_indexing(self.model, GOES_ON);
        let staging = Mutex::new(Staging::new(target.clone(), self.model.couchdb.admin_user.clone()));
        cx.wait(&what, Backoff::QUICK, || async {
            let client = self.client(cx)?;
            let looked = staging.lock().await.advance(&client, std::time::Instant::now()).await;
            let status = match looked {
                Ok(Step::Staged) => return Ok(Progress::Ready(Installed::Warm)),
                Ok(Step::Failed(failure)) => return Err(failed(&target, &failure)),
                Ok(Step::Pending(status)) => status,
                Ok(Step::GivenUp(other)) => {
                    cx.warn(rivals::given_up(&other));
                    format!("CHT {other}, which was staged before, is given up")
                }
                Err(Error::Unauthorized { .. }) => return Err(application::unauthorized()),
                Err(error @ (Error::Forbidden { .. } | Error::NotFound { .. } | Error::Refused { .. })) => {
                    return Err(refused(&target, &error));
                }
                // A pod that is being replaced, or a connection that broke, is no reason to give up before the time is
                // over.
                Err(error) => application::status(&error)?,
            };
            patience.check(&what, &status)?;
            Ok(Progress::Pending(status))
        })
        .await
    }

    /// A client for one look: the pod may be another one at the next.
    fn client(&self, cx: &Context<InstanceResource>) -> Result<Client<Way>, Diagnostics> {
        application::client(cx, self.access, self.model, Some(self.credentials))
    }
}

/// The instance as it is before the upgrade that a plan brings; none if there is no upgrade, or its images came
/// already.
pub(in crate::cht::instance) fn before(
    prior: &InstanceModel,
    plan: &InstanceModel,
    found: &Found,
) -> Option<InstanceModel> {
    let images = Images::of(found);
    let image = images.api()?;
    if image == Target::of(plan)?.version.to_string() {
        return None;
    }
    let mut before = InstanceModel {
        kubernetes: plan.kubernetes.clone(),
        ..prior.clone()
    };
    if image != tag(prior) {
        // Another upgrade got as far as the API, which must not be taken back.
        before.cht_version = image.parse::<ChtVersion>().ok()?.to_string();
        if let Some(image) = &mut before.image {
            image.tag = None;
        }
    }
    Some(before)
}

/// Whether the record tells that the instance has been usable in the version of this model, and that nothing was begun
/// since.
fn was_usable(model: &InstanceModel, found: &Found) -> bool {
    let record = Record::find(found, &model.namespace).filter(|record| record.stage == Stage::Created);
    let recorded = record.and_then(|record| record.model().ok());
    recorded.is_some_and(|recorded| tag(&recorded) == tag(model))
}

/// Whether the images are exchanged without preparing anything.
pub(super) fn is_direct(model: &InstanceModel) -> bool {
    let mode = model.upgrade.as_ref().and_then(|upgrade| upgrade.mode.as_deref());
    mode == Some("direct")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::cht::instance::fixtures::{cluster, state, with};

    /// The tag of the images that are to serve before an upgrade, where the cluster has those of `live`.
    fn tag_before(live: Json, prior: Json, plan: Json) -> Option<String> {
        let [live, prior, plan] = [live, prior, plan].map(|configuration| state(&with(configuration)));
        let found = cluster(&live, Stage::Updating, &[]);
        before(&prior, &plan, &found).map(|before| tag(&before).to_owned())
    }

    #[test]
    fn what_serves_before_an_upgrade_has_the_image_that_the_api_has() {
        let release = |version: &str| json!({"cht_version": version});
        let own = |tag: &str| json!({"cht_version": "5.3.0", "image": {"tag": tag}});
        let table = [
            (release("5.3.0"), release("5.3.0"), release("5.3.1"), Some("5.3.0")),
            (release("5.3.1"), release("5.3.0"), release("5.3.1"), None),
            (release("5.3.1"), release("5.3.0"), release("5.3.2"), Some("5.3.1")),
            (own("5.2.0"), own("5.2.0"), release("5.3.1"), Some("5.2.0")),
            (own("my-branch"), own("my-branch"), release("5.3.1"), Some("my-branch")),
            (own("5.3.1"), own("5.2.0"), release("5.3.2"), Some("5.3.1")),
            (release("5.3.0"), release("5.3.0"), own("5.3.1"), Some("5.3.0")),
            (release("5.3.0"), release("5.3.0"), own("my-branch"), None),
            (own("my-branch"), release("5.3.0"), release("5.3.1"), None),
        ];
        for (live, prior, plan, expected) in table {
            let case = format!("{live}, {prior}, {plan}");
            assert_eq!(tag_before(live, prior, plan).as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn a_version_whose_update_was_killed_may_still_index_the_data() {
        let recorded = |version: &str, stage| {
            let wanted = state(&with(json!({"cht_version": "5.3.1"})));
            was_usable(
                &wanted,
                &cluster(&state(&with(json!({"cht_version": version}))), stage, &[]),
            )
        };
        assert!(recorded("5.3.1", Stage::Created));
        for stage in [Stage::Creating, Stage::Adopting, Stage::Updating] {
            assert!(!recorded("5.3.1", stage), "{stage:?}");
        }
        assert!(!recorded("5.3.0", Stage::Created), "only its image came, from outside");
        let state = state(&with(json!({})));
        assert!(!was_usable(&state, &Found::default()), "nobody knows");
    }

    #[tokio::test(start_paused = true)]
    async fn what_indexes_the_data_has_the_time_for_that() {
        let model = state(&with(json!({})));
        let [warm, cold] = [Installed::Warm, Installed::Cold].map(|installed| installed.patience(&model));
        tokio::time::advance(std::time::Duration::from_secs(23 * 60 * 60)).await;
        assert!(warm.check("CHT", "closed").is_err());
        assert_eq!(cold.check("CHT", "closed"), Ok(()));
        tokio::time::advance(std::time::Duration::from_secs(2 * 60 * 60)).await;
        let late = cold.check("CHT", "indexing").expect_err("late").to_string();
        assert!(
            late.contains(GOES_ON.trim()) && late.contains("upgrade.timeout"),
            "{late}"
        );
    }
}
