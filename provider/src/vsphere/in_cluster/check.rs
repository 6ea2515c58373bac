//! What the vCenter says to the user and its privileges, the datacenters and the nodes of a cluster, before anything is
//! installed there, and again where what was installed does not come up: that is nearly always one of these.

use k8s_openapi::api::core::v1::Node;
use secrecy::SecretString;
use tf_framework::context::Scope;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity, error_chain};
use tf_framework::path::Path;

use super::super::error::Error;
use super::super::inventory::{Found, Kind};
use super::super::node_fitness::NodeFitness;
use super::super::node_lookup::Named;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::login::VCenterLogin;
use super::node::{self, Identified, PREFIX};
use super::privileges::{self, Program, Seen};
use crate::kubernetes::Access;
use crate::provider::Clients;
use crate::wording::sentence;

/// When it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vsphere) enum When {
    /// Before anything is done. Privileges may be given by the same apply, and what is to be destroyed needs none.
    Plan,
    /// When what was installed does not come up.
    Apply,
}

/// The attribute that says where to log in.
pub(in crate::vsphere) const ATTRIBUTE: &str = "vcenter";

/// What is looked at, and when.
#[derive(Clone, Copy)]
pub(in crate::vsphere) struct Subject<'s> {
    pub(in crate::vsphere) program: Program,
    pub(in crate::vsphere) login: &'s VCenterLogin,
    pub(in crate::vsphere) when: When,
}

/// Looks at everything that is often wrong. What cannot be told from here is a warning.
///
/// # Errors
/// Fails with all that would keep the program in the cluster from working.
pub(in crate::vsphere) async fn check(
    scope: &Scope<Clients>,
    access: &Access,
    subject: Subject<'_>,
    password: SecretString,
) -> Result<(), Diagnostics> {
    let (own, trust) = subject.login.login(password);
    let vcenter = VCenter::new(own, &trust).map_err(|error| explain(&error))?;
    let vcenter = vcenter.with_cancellation(scope.cancellation());
    let checked = check_in(scope, access, subject, &vcenter).await;
    vcenter.log_out().await;
    checked
}

async fn check_in(
    scope: &Scope<Clients>,
    access: &Access,
    Subject { program, login, when }: Subject<'_>,
    vcenter: &VCenter,
) -> Result<(), Diagnostics> {
    match vcenter.service().await {
        Ok(_) => {}
        Err(error @ Error::Unreachable { .. }) => {
            let detail = format!(
                "{}. The nodes of the cluster may reach it all the same, so the login, the datacenters, the machines and \
                 the privileges were not checked.",
                sentence(&error_chain(&error))
            );
            scope.warn(Diagnostic::warning("vCenter was not asked", detail).at(path(VCenterLogin::SERVER)));
            return Ok(());
        }
        Err(error) => return Err(explain(&error)),
    }
    let mut diagnostics = Diagnostics::new();
    let mut datacenters = Vec::new();
    for (index, given) in login.datacenters.iter().enumerate() {
        match vcenter.find(Kind::Datacenter, None, given).await {
            Ok(found) => datacenters.push(found),
            Err(error @ (Error::NotFound { .. } | Error::Ambiguous { .. })) => {
                let detail = format!(
                    "{}. What the user {} may not see counts as not there: it needs the role ReadOnly on the datacenter.",
                    sentence(&error_chain(&error)),
                    login.user
                );
                let path = path(VCenterLogin::DATACENTERS).index(index);
                diagnostics.push(Diagnostic::error("Datacenter not found", detail).at(path));
            }
            Err(error) => return Err(explain(&error)),
        }
    }
    let mut seen = Seen {
        datacenters: datacenters.iter().map(|found| found.object.clone()).collect(),
        ..Seen::default()
    };
    check_nodes(scope, access, (vcenter, &datacenters), (&mut seen, &mut diagnostics)).await?;
    let lacking = privileges::check(scope, (program, login), vcenter, &seen).await;
    match (lacking.map_err(|error| explain(&error))?, when) {
        (None, _) => {}
        (Some(lacking), When::Plan) => scope.warn(Diagnostic {
            severity: Severity::Warning,
            ..lacking
        }),
        (Some(lacking), When::Apply) => diagnostics.push(lacking),
    }
    diagnostics.into_result(())
}

async fn check_nodes(
    scope: &Scope<Clients>,
    access: &Access,
    (vcenter, datacenters): (&VCenter, &[Found]),
    (seen, diagnostics): (&mut Seen, &mut Diagnostics),
) -> Result<(), Diagnostics> {
    let nodes = match access.cluster.nodes().await {
        Ok(nodes) => nodes,
        Err(error) if error.is_forbidden() => return Ok(()),
        Err(error) => return Err(access.explain("Unable to read the nodes")(error)),
    };
    for live in nodes {
        let node: Node = live.decode().map_err(access.explain("Unable to read the nodes"))?;
        let name = &live.key().name;
        let provider_id = node.spec.and_then(|spec| spec.provider_id).unwrap_or_default();
        let uuid = match node::identified(name, &provider_id) {
            Identified::By(uuid) => uuid,
            Identified::NotYet => continue,
            Identified::Wrong(why) => {
                diagnostics.push(Diagnostic::error("Wrong provider ID", why));
                continue;
            }
        };
        let looked = look_for(vcenter, datacenters, name, &uuid).await;
        match looked.map_err(|error| explain(&error))? {
            Looked::There(machine) => {
                seen.machines.push(machine.object);
                seen.hosts.extend(machine.host);
                for problem in machine.problems {
                    scope.warn(Diagnostic::warning("Unfit machine of a node", problem));
                }
            }
            Looked::Elsewhere(problem) => {
                let path = path(VCenterLogin::DATACENTERS);
                diagnostics.push(Diagnostic::error("Node is in another datacenter", problem).at(path));
            }
            Looked::Wrong(problem) => diagnostics.push(Diagnostic::error("Wrong provider ID", problem)),
        }
    }
    Ok(())
}

/// What came of looking for the machine of a node.
enum Looked {
    There(NodeMachine),
    Elsewhere(String),
    Wrong(String),
}

/// The machine of a node, the host that it runs on, and what makes it unfit.
struct NodeMachine {
    object: Reference,
    host: Option<Reference>,
    problems: Vec<String>,
}

async fn look_for(vcenter: &VCenter, datacenters: &[Found], node: &str, uuid: &str) -> Result<Looked, Error> {
    for datacenter in datacenters {
        match vcenter.named_by(Some(&datacenter.object), uuid).await? {
            Named::Bios(machines) => return judge(vcenter, node, uuid, &machines).await,
            Named::Instance(..) | Named::Nothing => {}
        }
    }
    Ok(match vcenter.named_by(None, uuid).await? {
        Named::Bios(machines) => Looked::Elsewhere(format!(
            "The machine of the node {node} is {}, which is in none of the datacenters that are given.",
            paths(vcenter, &machines).await?
        )),
        Named::Instance(machine, bios_uuid) => Looked::Wrong(format!(
            "The provider ID of the node {node} has the instance UUID of the machine {}, by which no program in the cluster \
             finds it. The right one is `{PREFIX}{bios_uuid}`. A provider ID cannot be changed: remove the node, and join it \
             again with that one.",
            vcenter.path(&machine).await?
        )),
        Named::Nothing => Looked::Wrong(format!(
            "No machine that the user may see has the BIOS UUID {uuid}, by which the node {node} is called. The user needs \
             the role ReadOnly on the machine, or the node is in another vCenter."
        )),
    })
}

async fn judge(vcenter: &VCenter, node: &str, uuid: &str, machines: &[Reference]) -> Result<Looked, Error> {
    let [object] = machines else {
        return Ok(Looked::Wrong(format!(
            "Several machines have the BIOS UUID {uuid} of the node {node}: {}. Give the copies UUIDs of their own.",
            paths(vcenter, machines).await?
        )));
    };
    let mut found = NodeMachine {
        object: object.clone(),
        host: None,
        problems: Vec::new(),
    };
    if let Some(machine) = vcenter.machine(object).await? {
        let fitness = NodeFitness::of(&machine, Some(node));
        let all = fitness.problems.into_iter().chain(fitness.warnings);
        let told = all.map(|problem| format!("The machine {} is the node {node}. {problem}", machine.name));
        found.problems = told.collect();
        found.host = machine.host;
    }
    Ok(Looked::There(found))
}

async fn paths(vcenter: &VCenter, machines: &[Reference]) -> Result<String, Error> {
    let mut paths = Vec::new();
    for machine in machines {
        paths.push(vcenter.path(machine).await?);
    }
    Ok(paths.join(", "))
}

/// A failure in a user's words, at the attribute to blame.
fn explain(error: &Error) -> Diagnostics {
    let (attribute, advice) = match error {
        Error::Login { .. } => (
            VCenterLogin::USER,
            "Check the user, which needs its domain, and the password. After several wrong passwords a vCenter locks the user \
             for some minutes.",
        ),
        Error::Certificate { .. } | Error::Tls { .. } | Error::Pin { .. } => (
            VCenterLogin::CA_CERTIFICATE,
            "Give the certificate of the authority that signed it, or the SHA-256 thumbprint of the vCenter's certificate.",
        ),
        Error::NoPermission { .. } => (
            VCenterLogin::USER,
            "Give the user the role ReadOnly on the datacenter, with propagation.",
        ),
        _ => (VCenterLogin::SERVER, "Check that it is a vCenter, and that it is well."),
    };
    let detail = format!("{}.\n\n{advice}", sentence(&error_chain(error)));
    Diagnostic::error("Unable to check the vCenter", detail)
        .at(path(attribute))
        .into()
}

/// The path of an attribute of the login.
pub(super) fn path(attribute: &str) -> Path {
    Path::new(ATTRIBUTE).attribute(attribute)
}
