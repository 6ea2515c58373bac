//! The attributes of `cht_vsphere_anti_affinity_rule`, in schema order.

use std::collections::BTreeSet;

use tf_framework::diagnostics::Diagnostics;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::drs::{CLUSTER, Rule};
use super::super::reference::Reference;
use super::READ;

/// Keeps virtual machines on different hosts of a cluster, so that a host that fails takes one of them: a rule of DRS.
///
/// A vCenter has no rule with less than two machines, so the rule is made when its machines are there. That is too late
/// for the hosts that they are first powered on at: DRS moves machines apart afterwards, by itself if it is fully
/// automated. Let machines join before they are powered on by giving them the name of the rule in their
/// `anti_affinity_rule`, too.
///
/// Where DRS is off, which needs a license for it, rules have no effect, and plans warn. A rule of the same name that
/// has other machines is never taken over: it has to be imported.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "5m", read = "2m", update = "5m", delete = "5m"))]
pub struct AntiAffinityRuleModel {
    /// Name of the rule, which no other rule of the cluster has. A change renames it.
    #[tf(validate(Validator::not_empty(), Validator::length(1..=80)))]
    pub name: String,
    /// Cluster, by name or inventory path. Another one replaces the rule.
    #[tf(validate(Validator::not_empty()))]
    pub cluster: String,
    /// Datacenter, by name or inventory path. Default: the one of `cluster`, if that is a path, or the only one there
    /// is.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Ids of the machines in the vCenter: `moid` of at least two `cht_vsphere_virtual_machine`. Others that somebody
    /// adds to the rule are taken out again.
    #[tf(validate(Validator::length(2..=1000), Validator::each(machine_id())))]
    pub virtual_machines: BTreeSet<String>,
    /// Whether no machine may ever run on the host of another one, even if there is no other host for it: it is not
    /// powered on then. With `false`, DRS keeps them apart as long as there are hosts for that.
    #[tf(default = false)]
    pub mandatory: bool,
    /// Whether the rule counts. A vCenter switches a rule off that contradicts another one.
    #[tf(default = true)]
    pub enabled: bool,
    /// Id of the rule: that of the cluster and the number of the rule in it, such as `domain-c8/3`.
    #[tf(keep)]
    pub id: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a rule.
#[derive(Clone, Debug, Identity)]
pub struct AntiAffinityRuleIdentity {
    /// Its id: that of the cluster and the number of the rule in it, such as `domain-c8/3`.
    pub id: String,
}

impl IdentityOf<AntiAffinityRuleModel> for AntiAffinityRuleIdentity {
    fn of(rule: &AntiAffinityRuleModel) -> Option<Self> {
        Some(AntiAffinityRuleIdentity {
            id: rule.id.known()?.clone(),
        })
    }
}

impl AntiAffinityRuleModel {
    /// The rule in the API; one that is to be made has no number.
    pub(super) fn rule(&self, key: Option<i32>) -> Rule {
        Rule {
            key,
            name: self.name.clone(),
            is_enabled: self.enabled,
            is_mandatory: self.mandatory,
            machines: self.virtual_machines.clone(),
        }
    }

    /// The cluster, and the number of the rule in it.
    pub(super) fn place(&self) -> Result<(Reference, i32), Diagnostics> {
        let place = self.id.known().and_then(|id| place(id));
        place.ok_or_else(|| Diagnostics::error(READ, "The state does not have its id."))
    }

    /// With what names it.
    pub(super) fn identified(mut self, cluster: &Reference, key: i32) -> Self {
        self.id = Attr::Known(format!("{}/{key}", cluster.id));
        self
    }

    /// With what the vCenter says.
    pub(super) fn refreshed(mut self, rule: &Rule) -> Self {
        self.name.clone_from(&rule.name);
        self.virtual_machines.clone_from(&rule.machines);
        self.mandatory = rule.is_mandatory;
        self.enabled = rule.is_enabled;
        self
    }

    /// A rule of which only what the vCenter knows is known, in a cluster that is called so.
    pub(super) fn imported(cluster: &str, rule: &Rule) -> Self {
        let model = AntiAffinityRuleModel {
            name: String::new(),
            cluster: cluster.to_owned(),
            datacenter: None,
            virtual_machines: BTreeSet::new(),
            mandatory: false,
            enabled: true,
            id: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.refreshed(rule)
    }
}

/// The cluster and the number of the rule that an id names.
pub(super) fn place(id: &str) -> Option<(Reference, i32)> {
    let (cluster, key) = id.split_once('/')?;
    let is_id = cluster.starts_with("domain-");
    is_id.then_some((Reference::new(CLUSTER, cluster), key.parse().ok()?))
}

/// The id of a machine.
fn machine_id() -> Validator {
    Validator::matches("vm-.+", "the id of a machine in its vCenter, such as `vm-42`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_names_cluster_and_rule() {
        let rule = Rule {
            key: Some(3),
            name: "apart".to_owned(),
            is_enabled: false,
            is_mandatory: true,
            machines: ["vm-1".to_owned(), "vm-2".to_owned()].into(),
        };
        let cluster = Reference::new(CLUSTER, "domain-c8");
        let model = AntiAffinityRuleModel::imported("Compute", &rule).identified(&cluster, 3);
        assert_eq!(model.id.known().map(String::as_str), Some("domain-c8/3"));
        assert_eq!(model.place().unwrap(), (cluster, 3));
        assert_eq!(model.rule(Some(3)), rule, "nothing is lost on the way");
        for id in ["domain-c8", "domain-c8/x", "Compute/3", ""] {
            assert_eq!(place(id), None, "{id}");
        }
    }
}
