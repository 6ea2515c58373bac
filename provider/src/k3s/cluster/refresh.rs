//! What a refresh reads anew: the way into the cluster, where it is not what it was, and which token the servers have.

use secrecy::ExposeSecret as _;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::cluster::outputs::{self, Found};
use crate::k3s::cluster::ways::{self, Private, Source};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::paths;
use crate::k3s::token::{Bearer, Token};

/// What `drift` says where a token that was given is not that of the cluster any more.
const OTHER_TOKEN: &str = "the token of the cluster was changed";

/// Reads what the cluster exports, where that is not known or was made of another kubeconfig, and keeps by what it will
/// be known.
///
/// # Errors
/// Fails if a server cannot be read.
pub(super) async fn read_outputs(
    cx: &Context<ClusterResource>,
    model: &mut ClusterModel,
    prior: Option<&ClusterModel>,
    fleet: &Fleet,
    looked: &Looked,
) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    let before = private
        .kubeconfig
        .as_ref()
        .filter(|_| model.kubernetes.known().is_some());
    let (Some(source), Some(agent_token)) = (source(model, looked, before), looked.agent_token()) else {
        return Ok(());
    };
    if before == Some(&source) && has_agent_token(model, looked) {
        return Ok(());
    }
    let (Some(host), Some(ca_hash)) = (fleet.host(&source.server), model.ca_hash.known().cloned()) else {
        return Ok(());
    };
    let read = host.kubeconfig().await.map_err(|error| host.diagnose(error))?;
    let Some(kubeconfig) = read else { return Ok(()) };
    let way = prior.unwrap_or(model).kubernetes.known();
    let address = way.and_then(|way| way.host.clone());
    let found = Found {
        kubeconfig: &kubeconfig,
        agent_token,
        ca_hash: &ca_hash,
        address: address.as_deref(),
    };
    let Some(outputs) = outputs::of(model, &found) else {
        let detail = format!(
            "What {} on {} says is not what k3s writes there. Remove it there, and restart k3s.",
            paths::KUBECONFIG,
            source.server
        );
        return Err(Diagnostics::error(
            "Unable to use the kubeconfig of the cluster",
            detail,
        ));
    };
    outputs.store(model);
    ways::keep(
        cx,
        &Private {
            kubeconfig: Some(source),
            ..private
        },
    )
}

/// Whether `join` has the token that agents need. Where a change of it was killed, it may be another by now.
fn has_agent_token(model: &ClusterModel, looked: &Looked) -> bool {
    let Some(join) = model.join.known() else { return false };
    let is = |token: &Token| token.secure(&join.ca_hash, Bearer::Node).expose_secret() == join.token.expose_secret();
    looked.agent_token().is_none_or(is)
}

/// Without an endpoint, clients are given the address of one server: that of another one when its API is not ready any
/// more.
pub(super) fn move_way(model: &mut ClusterModel, looked: &Looked) {
    let is_ready = |name: &String| looked.state(name).is_some_and(|state| state.readyz == Some(Ok(())));
    let addresses = model.outer_addresses();
    let before = model.kubernetes.known().and_then(|way| way.host.clone());
    let is_reached = addresses
        .iter()
        .any(|(name, address)| before.as_ref() == Some(address) && is_ready(name));
    if model.endpoint.is_some() || before.is_none() || is_reached {
        return;
    }
    let ready = addresses.into_iter().find(|(name, _)| is_ready(name));
    if let Some(outputs) = ready.and_then(|(_, address)| outputs::at(model, address)) {
        outputs.store(model);
    }
}

/// Keeps up with the token: one that was generated is in the state, so another one is, too, with the old one beside it;
/// of one that was given, it is told that it is another.
///
/// # Errors
/// Fails if what is kept cannot be read or written.
pub(super) fn note_token(
    cx: &Context<ClusterResource>,
    model: &mut ClusterModel,
    looked: &Looked,
) -> Result<(), Diagnostics> {
    let Some(token) = looked.token() else { return Ok(()) };
    let private = cx.private()?;
    let hash = Some(token.sha256());
    if private.token_sha256 == hash {
        let token_hashes = super::token::hashes(model, token, private.has_given_token);
        return ways::keep(
            cx,
            &Private {
                token_hashes,
                ..private
            },
        );
    }
    if model.server_token.known().is_some() {
        remember_token(model, token);
        let private = Private {
            token_sha256: hash,
            ..private
        };
        return ways::keep(cx, &private);
    }
    if private.token_sha256.is_some()
        && let Attr::Known(lines) = &mut model.drift
    {
        lines.push(OTHER_TOKEN.to_owned());
    }
    Ok(())
}

/// Puts a generated token into the state, and the one that it had among the earlier ones.
pub(super) fn remember_token(model: &mut ClusterModel, token: &Token) {
    let mut previous = model.previous_tokens.known().cloned().unwrap_or_default();
    if let Attr::Known(old) = &model.server_token
        && Token::parse_found(old.expose_secret()).map(|old| old.sha256()) != Ok(token.sha256())
    {
        previous.insert(0, old.clone());
    }
    model.previous_tokens = Attr::Known(previous);
    model.server_token = Attr::Known(token.short());
}

/// The kubeconfig that counts: each server has one of its own, so that of the same server as before, for as long as
/// there is that server. If it does not answer, its kubeconfig is taken to be what it was.
fn source(model: &ClusterModel, looked: &Looked, before: Option<&Source>) -> Option<Source> {
    let of = |server: &String| {
        let file = looked.state(server)?.files.get(paths::KUBECONFIG)?;
        Some(Source {
            server: server.clone(),
            sha256: file.sha256.clone(),
        })
    };
    if let Some(before) = before.filter(|before| model.servers.contains_key(&before.server)) {
        return of(&before.server).or_else(|| Some(before.clone()));
    }
    let ready = |name: &&String| looked.is_healthy(name);
    let names = || model.servers.keys();
    names().filter(ready).find_map(of).or_else(|| names().find_map(of))
}

#[cfg(test)]
mod tests;
