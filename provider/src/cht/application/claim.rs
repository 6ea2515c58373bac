//! Which creation has made something that lives in an instance.
//!
//! A process can be killed between the last call of a creation and the moment at which the core saves what was made. A
//! mark in the instance ([`Client::mark`](crate::cht::client::Client::mark)) names the last creation, and tells since
//! when it is under way or finished; the name is kept beside the state, too. A creation goes on with what an unfinished
//! one has left. What was finished a moment ago, and is still as it was made, is taken as well, with a warning.
//!
//! A refresh of a state that has it proves that it was saved, and so does an update. Both note that in the mark:
//! nobody takes it from then on. Without a refresh, an object can be taken that is in the state all the same, where a
//! core makes the new object before it destroys the old one. So an object whose mark names another creation is not
//! deleted: it is that one's by now. Where it is not known whether any state has that one's, as after another kill, the
//! deletion fails, so that the object is neither lost nor forgotten. [`super::creations`] lets creation and deletion
//! take turns.
//!
//! [`rules`] say what a mark means, [`words`] has what users are told.

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tf_framework::context::{Context, Scope};
use tf_framework::diagnostics::{Diagnostics, error_chain};
use tf_framework::resource::Resource;
use uuid::Uuid;

pub(in crate::cht) use self::rules::Earlier;
use self::rules::{told_by, whose};
use super::creations::{Turn, Whose, take_turn};
use super::{Application, InCluster, InstanceAddress, Task};
use crate::cht::client::Mark;
use crate::provider::Clients;

mod rules;
pub(in crate::cht) mod words;

/// Something that lives in an instance, and is marked there while it is made.
#[derive(Clone, Debug)]
pub(in crate::cht) struct Marked {
    /// What the mark is called, such as `user.jane`.
    pub(in crate::cht) mark: String,
    /// What users call it, such as "user `jane`".
    pub(in crate::cht) words: String,
}

/// The creation that made an object of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creation: Option<String>,
    /// Whether its mark tells that the state has the object.
    #[serde(default, rename = "saved", skip_serializing_if = "std::ops::Not::not")]
    is_saved: bool,
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

/// Waits until nothing else in this run makes or destroys the same object.
///
/// # Errors
/// The operation is interrupted, or its time is over.
pub(in crate::cht) async fn turn(
    scope: &Scope<Clients>,
    instance: &InstanceAddress,
    object: &Marked,
) -> Result<Turn, Diagnostics> {
    let instance = instance.name().unwrap_or_default();
    take_turn(scope, &format!("the {} of {instance}", object.words)).await
}

/// Marks what a creation is going to make, and keeps its name.
///
/// # Errors
/// The CHT does not let the user write, or does not answer.
pub(in crate::cht) async fn begin<R>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    object: &Marked,
) -> Result<Mark, Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim> + AsMut<Claim>,
{
    let mark = Mark {
        creation: Some(Uuid::new_v4().simple().to_string()),
        begun: Some(Timestamp::now()),
        ..Mark::default()
    };
    let mut private = cx.private()?;
    *private.as_mut() = Claim {
        creation: mark.creation.clone(),
        is_saved: false,
    };
    cx.set_private(&private)?;
    application
        .attempt(cx, task, || application.client.mark(&object.mark, &mark))
        .await?;
    Ok(mark)
}

/// Notes that a creation is finished, and about to be handed to the core.
///
/// # Errors
/// As [`begin`].
pub(in crate::cht) async fn finish(
    scope: &Scope<Clients>,
    application: &Application,
    task: &Task,
    (object, mark): (&Marked, Mark),
) -> Result<(), Diagnostics> {
    let finished = Mark {
        finished: Some(Timestamp::now()),
        ..mark
    };
    application
        .attempt(scope, task, || application.client.mark(&object.mark, &finished))
        .await?;
    if let Some(creation) = &finished.creation {
        scope.clients().creations().hand_over(creation);
    }
    Ok(())
}

/// Takes away the mark of a creation that has made nothing. It is no more than a note: without it, the mark is too old
/// to mean anything after a while.
pub(in crate::cht) async fn forget(scope: &Scope<Clients>, application: &Application, task: &Task, object: &Marked) {
    let unmarked = application
        .attempt(scope, task, || application.client.unmark(&object.mark))
        .await;
    if unmarked.is_err() {
        tracing::info!("the mark of a creation that made nothing could not be taken away");
    }
}

/// What there is of an earlier creation.
///
/// # Errors
/// The CHT does not let the user read, or does not answer.
pub(in crate::cht) async fn earlier(
    scope: &Scope<Clients>,
    application: &Application,
    task: &Task,
    object: &Marked,
) -> Result<Earlier, Diagnostics> {
    let mark = find(scope, application, task, object).await?;
    Ok(told_by(mark.as_ref(), Timestamp::now()))
}

/// Notes in the mark of what a state has that it has it. It is no more than a note: where that fails, the next refresh
/// does it.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(in crate::cht) async fn settle<R>(
    cx: &Context<R>,
    application: &Application,
    object: &Marked,
) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim> + AsMut<Claim>,
{
    let mut private = cx.private()?;
    let Claim { creation, is_saved } = private.as_ref().clone();
    let Some(creation) = creation.filter(|_| !is_saved) else {
        return Ok(());
    };
    match application.client.close_mark(&object.mark, &creation).await {
        Ok(false) => Ok(()),
        Ok(true) => {
            private.as_mut().is_saved = true;
            cx.set_private(&private)
        }
        Err(error) => {
            tracing::info!(
                error = error_chain(&error),
                "it could not be noted that a creation was saved"
            );
            Ok(())
        }
    }
}

/// Keeps which creation has made what is imported: the state has it from now on.
///
/// # Errors
/// As [`earlier`].
pub(in crate::cht) async fn adopt<R>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    object: &Marked,
) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim> + AsMut<Claim>,
{
    let mark = find(cx, application, task, object).await?;
    let mut private = cx.private()?;
    private.as_mut().creation = mark.and_then(|mark| mark.creation);
    cx.set_private(&private)
}

/// Whether a later creation has taken the object of this state, which is told to the user then.
///
/// # Errors
/// It is not known whether any state has what that creation took; and as [`earlier`].
pub(in crate::cht) async fn is_anothers<R>(
    cx: &Context<R>,
    application: &Application,
    task: &Task,
    object: &Marked,
) -> Result<bool, Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<Claim>,
{
    let mark = find(cx, application, task, object).await?.unwrap_or_default();
    let private = cx.private()?;
    match whose(cx.clients().creations(), private.as_ref(), &mark, Timestamp::now()) {
        Whose::Own => Ok(false),
        Whose::Anothers => {
            cx.warn(words::left(&object.words));
            Ok(true)
        }
        Whose::Unclear => Err(words::unclear(&object.words).into()),
    }
}

async fn find(
    scope: &Scope<Clients>,
    application: &Application,
    task: &Task,
    object: &Marked,
) -> Result<Option<Mark>, Diagnostics> {
    application
        .attempt(scope, task, || application.client.find_mark(&object.mark))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_before_there_were_claims_is_read() {
        let kept: Kept = serde_json::from_str(r#"{"cluster":"a"}"#).expect("it is read");
        assert_eq!(kept.claim, Claim::default());
        assert_eq!(serde_json::to_string(&<Kept>::default()).expect("it is written"), "{}");
    }
}
