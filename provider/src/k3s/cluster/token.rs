//! Which token the cluster is to have: it stays what it is, unless a change of `token_version` asks for another.

use secrecy::ExposeSecret as _;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Plan;

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::cluster::ways::Private;
use crate::k3s::token::{Token, TokenHashes};

/// The token that the configuration has, if it has one.
///
/// # Errors
/// Fails if no cluster can have it, of which a plan cannot tell where the token was not known yet.
pub(super) fn given(model: &ClusterModel) -> Result<Option<Token>, Diagnostics> {
    let token = model.token.get().map(|token| Token::parse(token.expose_secret()));
    token.transpose().map_err(|error| {
        let detail = format!("A cluster cannot have this token: {error}.");
        Diagnostic::error("Unusable token", detail)
            .at(ClusterModel::TOKEN)
            .into()
    })
}

/// Refuses another token of agents without another one of servers, along with which alone k3s stores it.
///
/// # Errors
/// Fails if the servers are to keep theirs, or if what is kept cannot be read.
pub(super) fn check(cx: &Context<ClusterResource>, plan: &Plan<'_, '_, ClusterResource>) -> Result<(), Diagnostics> {
    let was_begun = plan.prior.as_ref().is_some_and(ClusterModel::was_begun);
    if !was_begun || !changes_for_agents(plan) {
        return Ok(());
    }
    let given = plan
        .config
        .token
        .known()
        .map(|token| Token::parse(token.expose_secret()));
    let given = given.and_then(Result::ok).map(|token| token.sha256());
    let todo = match () {
        () if !plan.changed(ClusterModel::TOKEN_VERSION) => "Change `token_version` in the same apply.",
        () if given.is_some() && given == cx.private()?.token_sha256 => "Give another `token` with it.",
        () => return Ok(()),
    };
    let detail = format!(
        "k3s stores another token of agents only when the servers get another one, too: without that, a server would not start again by \
         itself. {todo}"
    );
    Err(Diagnostic::error("Token of agents cannot change alone", detail)
        .at(ClusterModel::AGENT_TOKEN_VERSION)
        .into())
}

/// Whether a plan gives agents another token.
pub(super) fn changes_for_agents(plan: &Plan<'_, '_, ClusterResource>) -> bool {
    let is_said = plan
        .planned()
        .is_some_and(|planned| !planned.agent_token_version.is_null());
    is_said && plan.changed(ClusterModel::AGENT_TOKEN_VERSION)
}

/// Whether a change gives agents another token. Its version may be left out later on.
pub(super) fn renews_for_agents(prior: &ClusterModel, plan: &ClusterModel) -> bool {
    plan.agent_token_version.is_some() && plan.agent_token_version != prior.agent_token_version
}

/// The token that the cluster is to have after a change, if that is another: the given one or a new one where its
/// version changes, and the given one, too, where the cluster was not begun yet, or somebody else has changed it since.
///
/// # Errors
/// Fails if no cluster can have the given one.
pub(super) fn wanted(
    prior: &ClusterModel,
    plan: &ClusterModel,
    private: &Private,
) -> Result<Option<Token>, Diagnostics> {
    let given = given(plan)?;
    if prior.token_version != plan.token_version {
        return Ok(Some(given.unwrap_or_else(Token::generate)));
    }
    let is_ours = |token: &Token| Some(token.sha256()) == private.token_sha256;
    Ok(given.filter(|token| !prior.was_begun() || is_ours(token)))
}

/// By what a token is known that was given, and is kept nowhere. One that was generated is in the state.
pub(super) fn hashes(model: &ClusterModel, token: &Token, is_given: bool) -> Option<TokenHashes> {
    model
        .ca_hash
        .known()
        .filter(|_| is_given)
        .map(|ca_hash| token.hashes(ca_hash))
}

/// Keeps a generated token that makes place for another, as older snapshots can be restored only with it.
pub(super) fn keep_previous(prior: &ClusterModel, plan: &mut ClusterModel) {
    if !plan.previous_tokens.is_unknown() {
        return;
    }
    let earlier = prior.previous_tokens.known().cloned().unwrap_or_default();
    let last = prior.server_token.known().cloned();
    let is_changed = plan.server_token.is_unknown();
    plan.previous_tokens = Attr::Known(last.filter(|_| is_changed).into_iter().chain(earlier).collect());
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tf_framework::WriteOnly;

    use super::*;
    use crate::k3s::cluster::fixtures::{model, with};

    fn cluster(version: i64, token: Option<&str>) -> ClusterModel {
        let mut cluster = model(&with(json!({ "token_version": version })));
        cluster.token = WriteOnly::new(token.map(Into::into));
        cluster
    }

    fn kept(token: &str) -> Private {
        Private {
            token_sha256: Token::parse(token).ok().map(|token| token.sha256()),
            ..Private::default()
        }
    }

    #[test]
    fn a_token_changes_with_its_version_alone() {
        let mut prior = cluster(1, None);
        let unfinished = super::wanted(&prior, &cluster(1, Some("first")), &Private::default());
        assert!(unfinished.unwrap().is_some(), "it is not begun yet");
        prior.ca_hash = Attr::Known("hash".to_owned());
        let hash = |token: Option<Token>| token.map(|token| token.sha256());
        let wanted = |plan, private: &Private| wanted(&prior, &plan, private).unwrap();
        assert!(wanted(cluster(1, Some("new")), &kept("old")).is_none());
        assert_eq!(
            hash(wanted(cluster(2, Some("new")), &kept("old"))),
            hash(Token::parse("new").ok())
        );
        let generated = [
            wanted(cluster(2, None), &kept("old")),
            wanted(cluster(2, None), &kept("old")),
        ];
        let [one, other] = generated.map(hash);
        assert!(one.is_some() && one != other);
        assert_eq!(
            hash(wanted(cluster(1, Some("old")), &kept("old"))),
            hash(Token::parse("old").ok()),
            "somebody may have changed it"
        );
    }

    #[test]
    fn a_generated_token_that_goes_is_kept() {
        let mut prior = cluster(1, None);
        prior.server_token = Attr::Known("second".into());
        prior.previous_tokens = Attr::Known(vec!["first".into()]);
        let mut plan = cluster(2, None);
        plan.server_token = Attr::Unknown;
        plan.previous_tokens = Attr::Unknown;
        keep_previous(&prior, &mut plan);
        let previous = plan.previous_tokens.into_known().unwrap_or_default();
        let previous: Vec<&str> = previous.iter().map(|token| token.expose_secret()).collect();
        assert_eq!(previous, ["second", "first"]);
    }
}
