//! The roles of a cluster: by which it works in the account, and which the nodes of Auto Mode have. Where none is
//! given, one is made.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::error::Error;
use super::super::iam::{RoleSpec, Trust};
use super::super::tags;
use super::model::EksClusterModel;

/// How long the name of a role may be.
const LONGEST_NAME: usize = 64;

/// Who uses a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Cluster,
    Nodes,
}

/// The ARNs of the roles.
#[derive(Clone, Debug)]
pub(super) struct Roles {
    /// That of the cluster.
    pub(super) cluster: String,
    /// That of the nodes of Auto Mode, if it is on and has pools.
    pub(super) nodes: Option<String>,
}

impl Roles {
    /// The roles that are given, and those that are made where none is.
    ///
    /// # Errors
    /// One cannot be made.
    pub(super) async fn ensure(account: &Account, model: &EksClusterModel) -> Result<Self, Diagnostics> {
        let is_auto = model.auto_mode.is_some();
        let cluster = ensure(account, model, User::Cluster, &model.role_arn, is_auto).await;
        let summary = "Unable to make the role of the cluster";
        let cluster = cluster.map_err(|error| explained(summary)(error).at(EksClusterModel::ROLE_ARN))?;
        let mode = model.auto_mode.as_ref().filter(|mode| !mode.node_pools.is_empty());
        let nodes = match mode {
            None => None,
            Some(mode) => {
                let nodes = ensure(account, model, User::Nodes, &mode.node_role_arn, is_auto).await;
                let summary = "Unable to make the role of the nodes";
                Some(nodes.map_err(|error| explained(summary)(error).at(EksClusterModel::AUTO_MODE))?)
            }
        };
        Ok(Roles { cluster, nodes })
    }

    /// Removes those that were made.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn remove(account: &Account, model: &EksClusterModel) -> Result<(), Error> {
        for (name, purpose) in made(account, model) {
            account.delete_role(&name, &purpose).await?;
        }
        Ok(())
    }

    /// Whether one of those that were made is there.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn are_left(account: &Account, model: &EksClusterModel) -> Result<bool, Error> {
        for (name, purpose) in made(account, model) {
            if account.has_role(&name, &purpose).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Refuses a name of a cluster that is too long for those of its roles.
pub(super) fn check_name(account: &Account, model: &EksClusterModel) -> Result<(), Diagnostics> {
    let longest = name(account, model, User::Cluster).len();
    if model.role_arn.known().is_some() || longest <= LONGEST_NAME {
        return Ok(());
    }
    let room = LONGEST_NAME + model.name.len() - longest;
    let detail = format!(
        "The role of the cluster is called after it, and names of roles are short: in {}, the name can have {room} characters. Choose a \
         shorter one, or give a `role_arn`.",
        account.region()
    );
    let error = Diagnostic::error("Name is too long for a role", detail);
    Err(error.at(EksClusterModel::NAME).into())
}

async fn ensure(
    account: &Account,
    model: &EksClusterModel,
    user: User,
    given: &Attr<String>,
    is_auto: bool,
) -> Result<String, Error> {
    let name = name(account, model, user);
    match given {
        // One of that name is our own, of an earlier apply.
        Attr::Known(arn) if !arn.ends_with(&format!("/{name}")) => Ok(arn.clone()),
        _ => {
            let spec = RoleSpec {
                purpose: purpose(account, model, user),
                description: description(model, user),
                trust: trust(user, is_auto),
                managed: managed(user, is_auto),
                inline: BTreeMap::new(),
                tags: tags::given(model.tags.as_ref(), &account.default_tags()),
                name,
            };
            account.ensure_role(&spec).await
        }
    }
}

/// The names and purposes of the roles that may have been made.
fn made(account: &Account, model: &EksClusterModel) -> impl Iterator<Item = (String, String)> {
    let users = [User::Cluster, User::Nodes].into_iter();
    let roles = users.map(|user| (name(account, model, user), purpose(account, model, user)));
    roles.filter(|(name, _)| name.len() <= LONGEST_NAME)
}

/// IAM knows no regions, so the region is in the name.
fn name(account: &Account, model: &EksClusterModel, user: User) -> String {
    let user = match user {
        User::Cluster => "cluster",
        User::Nodes => "auto-node",
    };
    format!("{}-{}-{user}", model.name, account.region())
}

fn purpose(account: &Account, model: &EksClusterModel, user: User) -> String {
    let user = match user {
        User::Cluster => "eks-cluster",
        User::Nodes => "eks-auto-node",
    };
    format!("{user}/{}/{}", account.region(), model.name)
}

fn description(model: &EksClusterModel, user: User) -> String {
    match user {
        User::Cluster => format!("What the EKS cluster {} may do in the account", model.name),
        User::Nodes => format!("What nodes of the EKS cluster {} may do in the account", model.name),
    }
}

/// In Auto Mode, the cluster sets tags on its sessions.
fn trust(user: User, is_auto: bool) -> Trust {
    match (user, is_auto) {
        (User::Cluster, false) => Trust::Service("eks"),
        (User::Cluster, true) => Trust::TaggingService("eks"),
        (User::Nodes, _) => Trust::Service("ec2"),
    }
}

fn managed(user: User, is_auto: bool) -> BTreeSet<String> {
    const OF_AUTO_MODE: [&str; 4] = [
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
    ];
    const OF_NODES: [&str; 2] = ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodeMinimalPolicy"];
    let names: &[&[&str]] = match (user, is_auto) {
        (User::Cluster, false) => &[&["AmazonEKSClusterPolicy"]],
        (User::Cluster, true) => &[&["AmazonEKSClusterPolicy"], &OF_AUTO_MODE],
        (User::Nodes, _) => &[&OF_NODES],
    };
    names.iter().copied().flatten().map(|name| (*name).to_owned()).collect()
}
