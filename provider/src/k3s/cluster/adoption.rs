//! Imports: a cluster is found from one of its servers, be it this provider's or one that k3s' own script has set up.
//!
//! The Nodes tell the other servers, and what each running k3s was told ([`arguments`]). Nothing is changed: what the
//! next apply would change shows in `drift`, and that apply leaves the marks of this provider.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, ImportBy};

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::{ClusterIdentity, ClusterModel};
use crate::k3s::cluster::spec::Beside;
use crate::k3s::cluster::ways::{self, Private};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::paths;
use crate::k3s::probe::{DatastoreKind, HostState, NodeState};
use crate::ssh::Pins;

mod address;
mod arguments;

use self::address::Address;
use self::arguments::Arguments;

/// The summary of all that stands in the way of an import.
const SUMMARY: &str = "No k3s cluster to import";

/// How many digits of the authority's hash are the id of a cluster that has none.
const ID_LENGTH: usize = 16;

/// What the server is called until its Node is known.
const UNNAMED: &str = "server";

/// Finds a cluster.
///
/// # Errors
/// Fails if the server cannot be reached, or is no server of k3s.
pub(super) async fn import(
    cx: &Context<ClusterResource>,
    by: ImportBy<ClusterIdentity>,
) -> Result<ClusterModel, Diagnostics> {
    let (id, server) = match by {
        ImportBy::Id(server) => (None, server),
        ImportBy::Identity(ClusterIdentity { id, server }) => {
            let server = server.ok_or_else(|| {
                refused("An id says nothing of where the cluster is: give `server`, the address of one of its servers, as well.")
            })?;
            (Some(id), server)
        }
    };
    let address = Address::parse(&server)?;
    let (state, nodes) = look_at(cx, &address).await?;
    let found = find_id(&state)?;
    if id.is_some_and(|id| id != found) {
        return Err(refused(&format!("The cluster on {server} has another id: {found}.")));
    }
    let servers: Vec<&NodeState> = nodes.iter().filter(|node| node.is_server()).collect();
    let own = own_name(&state, &servers)?;
    let mut model = Arguments {
        servers: &servers,
        own: &own,
        address: &address,
        datastore: state.datastore,
        data_dir: state.data_dir.as_deref().unwrap_or(paths::DATA_DIR),
    }
    .model()?;
    model.id = Attr::Known(found);
    model.ca_hash = state.ca_sha256.clone().into();
    let adopted = state.marker.is_none();
    ways::keep(
        cx,
        &Private {
            adopted,
            ..Private::default()
        },
    )?;
    with_token(cx, model, adopted).await
}

/// Looks at the server, and at the Nodes that it knows.
async fn look_at(cx: &Context<ClusterResource>, address: &Address) -> Result<(HostState, Vec<NodeState>), Diagnostics> {
    let model = arguments::empty([(UNNAMED.to_owned(), address.server())].into());
    let hosts = ways::hosts(cx, &model, None, &Pins::new())?;
    let Some(host) = hosts.get(UNNAMED) else {
        return Err(refused("There is no server."));
    };
    let probed = host.probe_anywhere().await.map_err(|error| host.diagnose(error))?;
    let state = probed.state;
    match state.nodes.clone() {
        Some(nodes) if state.server_unit.is_some() => Ok((state, nodes)),
        _ if state.server_unit.is_some() => Err(refused(
            "k3s on the host does not answer, so what it runs with cannot be told. Bring the cluster up first.",
        )),
        _ => Err(refused("The host runs no server of k3s.")),
    }
}

/// The id of the cluster: that in the mark on the host, or else the beginning of its authority's hash, so that it is
/// the same each time that it is imported.
fn find_id(state: &HostState) -> Result<String, Diagnostics> {
    if let Some(marker) = &state.marker {
        return Ok(marker.cluster.clone());
    }
    let beginning = state.ca_sha256.as_deref().and_then(|hash| hash.get(..ID_LENGTH));
    beginning
        .map(str::to_owned)
        .ok_or_else(|| refused("The authority of the cluster was not found on the host."))
}

/// The name of the Node that the host is.
fn own_name(state: &HostState, servers: &[&NodeState]) -> Result<String, Diagnostics> {
    let marked = state.marker.as_ref().map(|marker| &marker.node);
    let called = state.machine.hostname.as_ref();
    let is_there = |name: &&String| servers.iter().any(|node| node.name == **name);
    let mut names = marked.into_iter().chain(called).map(|name| name.to_lowercase());
    let found = names.find(|name| is_there(&name));
    match (found, servers) {
        (Some(name), _) => Ok(name),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => Err(refused(&format!(
            "Which of the nodes {} the host is cannot be told: none has its name.",
            servers
                .iter()
                .map(|node| node.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

/// Puts the token into the state, as if it had been generated: snapshots can be restored only with it.
async fn with_token(
    cx: &Context<ClusterResource>,
    mut model: ClusterModel,
    adopted: bool,
) -> Result<ClusterModel, Diagnostics> {
    let Some(id) = model.id.known().cloned() else {
        return Ok(model);
    };
    let hosts = ways::hosts(cx, &model, None, &Pins::new())?;
    let beside = Beside {
        adopted,
        ..Beside::of(&id)
    };
    let fleet = Fleet::new(model.fleet_spec(beside)?, hosts);
    let looked: Looked = fleet.look().await;
    model.server_token = looked.token().map(crate::k3s::token::Token::short).into();
    model.previous_tokens = Attr::Known(Vec::new());
    if model.datastore.is_none() && looked_kind(&looked) == Some(DatastoreKind::Sqlite) {
        model.datastore = Some(arguments::datastore("sqlite"));
    }
    Ok(model)
}

fn looked_kind(looked: &Looked) -> Option<DatastoreKind> {
    let mut states = looked.hosts.keys().filter_map(|name| looked.state(name));
    states.find_map(|state| state.datastore)
}

fn refused(reason: &str) -> Diagnostics {
    Diagnostics::error(
        SUMMARY,
        format!(
            "{reason}\n\nThe id is the address of one of its servers, such as `10.20.0.10` or `ubuntu@10.20.0.10:22`."
        ),
    )
}
