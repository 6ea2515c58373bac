//! Which creation has made something that lives in an instance.
//!
//! A process can be killed between the last call of a creation and the moment at which the core saves what was made. A
//! mark in the instance ([`Client::mark`](crate::cht::client::Client::mark)) names the last creation, and tells since
//! when it is finished; the name is kept beside the state, too. A creation goes on with what an unfinished one has
//! left. What was finished a moment ago, and is still as it was made, is taken as well, with a warning.
//!
//! A refresh of a state that has it proves that it was saved, and takes the mark away: nobody takes it from then on.
//! Without a refresh, an object can be taken that is in the state all the same, where a core makes the new object
//! before it destroys the old one. So an object whose mark names another creation is not deleted: it is that one's by
//! now, until the state that took it is refreshed.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::resource::Resource;
use uuid::Uuid;

use super::{Application, InCluster, Task};
use crate::cht::client::Mark;
use crate::provider::Clients;

/// How long after its creation something may be taken.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// The name of the creation that made an object of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creation: Option<String>,
}

/// What is kept beside the state of something that lives in an instance, and what else that needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept<M = Nothing> {
    #[serde(flatten)]
    in_cluster: InCluster,
    #[serde(flatten)]
    claim: Claim,
    #[serde(flatten)]
    pub(in crate::cht) more: M,
}

/// No more than the rest of [`Kept`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

/// What a mark tells of the creation before this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cht) enum Earlier {
    /// There was none, or it is long ago: what is there belongs to somebody.
    Nothing,
    /// It was not finished, so that no state has it.
    Unfinished,
    /// It was finished a moment ago, and may not have been saved. Some note the revision of what they made.
    Finished(Option<String>),
}

impl<M> AsMut<InCluster> for Kept<M> {
    fn as_mut(&mut self) -> &mut InCluster {
        &mut self.in_cluster
    }
}

impl<M> AsRef<InCluster> for Kept<M> {
    fn as_ref(&self) -> &InCluster {
        &self.in_cluster
    }
}

impl<M> AsMut<Claim> for Kept<M> {
    fn as_mut(&mut self) -> &mut Claim {
        &mut self.claim
    }
}

impl<M> AsRef<Claim> for Kept<M> {
    fn as_ref(&self) -> &Claim {
        &self.claim
    }
}

/// Marks what a creation is going to make, and keeps its name.
///
/// # Errors
/// The CHT does not let the user write, or does not answer.
pub(in crate::cht) async fn begin<R>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    name: &str,
) -> Result<Mark, Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim> + AsMut<Claim>,
{
    let mark = Mark {
        creation: Some(Uuid::new_v4().simple().to_string()),
        ..Mark::default()
    };
    let mut private = cx.private()?;
    private.as_mut().creation.clone_from(&mark.creation);
    cx.set_private(&private)?;
    application
        .attempt(cx, task, || application.client.mark(name, &mark))
        .await?;
    Ok(mark)
}

/// Notes that a creation is finished.
///
/// # Errors
/// As [`begin`].
pub(in crate::cht) async fn finish<R: Resource<Clients = Clients>>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    (name, mark): (&str, Mark),
) -> Result<(), Diagnostics> {
    let finished = Mark {
        finished: Some(Timestamp::now()),
        ..mark
    };
    application
        .attempt(cx, task, || application.client.mark(name, &finished))
        .await
}

/// What there is of an earlier creation.
///
/// # Errors
/// The CHT does not let the user read, or does not answer.
pub(in crate::cht) async fn earlier<R: Resource<Clients = Clients>>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    name: &str,
) -> Result<Earlier, Diagnostics> {
    let mark = application
        .attempt(cx, task, || application.client.find_mark(name))
        .await?;
    Ok(told_by(mark, Timestamp::now()))
}

/// Takes away the mark of what a state has. It is no more than a note: where that fails, the next refresh does it.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(in crate::cht) async fn settle<R>(cx: &Context<R>, application: &Application, name: &str) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim> + AsMut<Claim>,
{
    let mut private = cx.private()?;
    let Some(creation) = private.as_ref().creation.clone() else {
        return Ok(());
    };
    let client = &application.client;
    let unmark = async {
        let mark = client.find_mark(name).await?;
        let is_own = mark.is_some_and(|mark| mark.finished.is_some() && mark.creation == Some(creation));
        if is_own {
            client.unmark(name).await.map(|()| true)
        } else {
            Ok(false)
        }
    };
    match unmark.await {
        Ok(true) => {
            private.as_mut().creation = None;
            cx.set_private(&private)
        }
        Ok(false) => Ok(()),
        Err(error) => {
            tracing::info!(
                error = error_chain(&error),
                "the mark of a creation could not be taken away"
            );
            Ok(())
        }
    }
}

/// Whether a later creation has taken the object of this state.
///
/// # Errors
/// As [`earlier`].
pub(in crate::cht) async fn is_anothers<R>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    name: &str,
) -> Result<bool, Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim>,
{
    let mark = application
        .attempt(cx, task, || application.client.find_mark(name))
        .await?;
    Ok(differ(cx.private()?.as_ref(), mark.as_ref()))
}

/// The words for a creation that takes something, such as "user `jane`".
pub(in crate::cht) fn taken(what: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT object exists already",
        format!(
            "The instance has a {what} with this configuration, which an apply made less than a day ago. That apply \
             seems to have been killed before its state was saved, so the {what} is taken into this state. If another \
             state has it, that state must forget it: `tofu state rm`."
        ),
    )
}

/// The words for a deletion that leaves what another creation has taken.
pub(in crate::cht) fn left(what: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT object belongs to a later creation",
        format!(
            "The {what} was taken by a creation after the one of this object, such as the other half of a replacement \
             that makes the new object first. It stays in the instance. If no state has it any more, delete it in the \
             pages of the application."
        ),
    )
}

fn told_by(mark: Option<Mark>, now: Timestamp) -> Earlier {
    let Some(mark) = mark else { return Earlier::Nothing };
    match mark.finished {
        None => Earlier::Unfinished,
        Some(finished) if now.duration_since(finished).abs() < RECENT => Earlier::Finished(mark.revision),
        Some(_) => Earlier::Nothing,
    }
}

fn differ(kept: &Claim, mark: Option<&Mark>) -> bool {
    let marked = mark.and_then(|mark| mark.creation.as_ref());
    matches!((&kept.creation, marked), (Some(kept), Some(marked)) if kept != marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn only_what_was_finished_a_moment_ago_or_never_may_be_taken() {
        let finished = |at| Mark {
            finished: Some(time(at)),
            revision: Some("1-a".to_owned()),
            ..Mark::default()
        };
        let now = time("2026-03-02T10:00:00Z");
        let taken = Earlier::Finished(Some("1-a".to_owned()));
        for (mark, expected) in [
            (None, Earlier::Nothing),
            (Some(Mark::default()), Earlier::Unfinished),
            (Some(finished("2026-03-01T10:01:00Z")), taken),
            (Some(finished("2026-03-01T09:59:00Z")), Earlier::Nothing),
        ] {
            assert_eq!(told_by(mark.clone(), now), expected, "{mark:?}");
        }
    }

    #[test]
    fn what_is_not_known_belongs_to_whoever_has_it() {
        let claim = |name: Option<&str>| Claim {
            creation: name.map(str::to_owned),
        };
        let mark = |name: Option<&str>| Mark {
            creation: name.map(str::to_owned),
            ..Mark::default()
        };
        assert!(differ(&claim(Some("a")), Some(&mark(Some("b")))));
        assert!(!differ(&claim(Some("a")), Some(&mark(Some("a")))));
        assert!(!differ(&claim(Some("a")), Some(&mark(None))));
        assert!(!differ(&claim(Some("a")), None));
        assert!(!differ(&claim(None), Some(&mark(Some("b")))));
    }

    #[test]
    fn what_was_kept_before_there_were_claims_is_read() {
        let kept: Kept = serde_json::from_str(r#"{"cluster":"a"}"#).expect("it is read");
        assert_eq!(kept.claim, Claim::default());
        assert_eq!(serde_json::to_string(&<Kept>::default()).expect("it is written"), "{}");
    }
}
