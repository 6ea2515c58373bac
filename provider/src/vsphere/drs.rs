//! How a cluster distributes its machines over its hosts (DRS): whether it does, its rules, and the calls about them
//! (`ClusterComputeResource`).

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::Mutex;

use super::error::Error;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;
use super::xml::Element;

/// What is read of a cluster.
const PATHS: &[&str] = &["configurationEx", "host"];

/// The type of clusters. Hosts that are in none have another.
pub(super) const CLUSTER: &str = "ClusterComputeResource";

/// The rules that keep machines apart.
const ANTI_AFFINITY: &str = "ClusterAntiAffinityRuleSpec";

/// How a cluster distributes its machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Distribution {
    /// Whether it does.
    pub(super) is_on: bool,
    /// Whether it moves machines that run without asking anybody.
    pub(super) moves_machines: bool,
    pub(super) hosts: usize,
    /// The rules that keep machines apart.
    pub(super) rules: Vec<Rule>,
    /// The names of rules that do something else. All rules of a cluster share their names.
    pub(super) other_rules: Vec<String>,
}

/// A rule that keeps machines on different hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Its number in the cluster; none before it is made.
    pub(super) key: Option<i32>,
    pub(super) name: String,
    pub(super) is_enabled: bool,
    pub(super) is_mandatory: bool,
    /// The ids of the machines.
    pub(super) machines: BTreeSet<String>,
}

/// Which machines want to be in which rules, by the ids of clusters and the names of rules. A rule can be made as soon
/// as two want to be in it. Whoever holds the lock is the only one of the process that changes rules.
pub(super) type Joining = Mutex<BTreeMap<(String, String), BTreeSet<String>>>;

impl Distribution {
    /// The rule with this number.
    pub(super) fn rule(&self, key: i32) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.key == Some(key))
    }

    /// The rule of this name.
    pub(super) fn rule_named(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The names of all rules.
    pub(super) fn names(&self) -> Vec<&str> {
        let ours = self.rules.iter().map(|rule| rule.name.as_str());
        ours.chain(self.other_rules.iter().map(String::as_str)).collect()
    }

    fn read(read: &Properties) -> Result<Self, Error> {
        let hosts = read.get("host")?.map_or(0, |hosts| hosts.children().len());
        let Some(config) = read.get("configurationEx")? else {
            return Ok(Distribution {
                hosts,
                ..Distribution::default()
            });
        };
        let drs = config.child("drsConfig");
        let behavior = drs.and_then(|drs| drs.text_of("defaultVmBehavior"));
        let (apart, others): (Vec<&Element>, Vec<&Element>) = config
            .all("rule")
            .partition(|rule| rule.xsi_type() == Some(ANTI_AFFINITY));
        let others = others.iter().filter_map(|rule| rule.text_of("name"));
        Ok(Distribution {
            is_on: drs.is_some_and(|drs| drs.is_true("enabled")),
            moves_machines: !matches!(behavior, Some("manual" | "partiallyAutomated")),
            hosts,
            rules: apart.iter().filter_map(|rule| Rule::read(rule)).collect(),
            other_rules: others.map(str::to_owned).collect(),
        })
    }
}

impl Rule {
    fn read(rule: &Element) -> Option<Self> {
        Some(Rule {
            key: Some(rule.parse("key")?),
            name: rule.text_of("name")?.to_owned(),
            is_enabled: rule.is_true("enabled"),
            is_mandatory: rule.is_true("mandatory"),
            machines: rule.all("vm").map(|machine| machine.text().to_owned()).collect(),
        })
    }

    fn element(&self) -> Element {
        let machines = self
            .machines
            .iter()
            .map(|id| Reference::new("VirtualMachine", id).element("vm"));
        Element::new("info")
            .of_type(ANTI_AFFINITY)
            .optional("key", self.key)
            .value("enabled", self.is_enabled)
            .value("name", &self.name)
            .value("mandatory", self.is_mandatory)
            .value("userCreated", true)
            .with_all(machines)
    }
}

impl VCenter {
    /// How a cluster distributes its machines; nothing if it is not there.
    pub(super) async fn distribution(&self, cluster: &Reference) -> Result<Option<Distribution>, Error> {
        let read = self.read(cluster, PATHS).await?;
        read.as_ref().map(Distribution::read).transpose()
    }

    /// Starts to make a rule, or to change the one with its key.
    pub(super) async fn put_rule(&self, cluster: &Reference, rule: &Rule) -> Result<Reference, Error> {
        let operation = if rule.key.is_some() { "edit" } else { "add" };
        let change = Element::new("rulesSpec")
            .value("operation", operation)
            .with(rule.element());
        self.start(&reconfigured(cluster, change)).await
    }

    /// Starts to remove a rule.
    pub(super) async fn remove_rule(&self, cluster: &Reference, key: i32) -> Result<Reference, Error> {
        let key = Element::new("removeKey").of_type("xsd:int").with_text(key);
        let change = Element::new("rulesSpec").value("operation", "remove").with(key);
        self.start(&reconfigured(cluster, change)).await
    }
}

/// A change of a cluster that leaves all else as it is.
fn reconfigured(cluster: &Reference, change: Element) -> Element {
    let spec = Element::new("spec").of_type("ClusterConfigSpecEx").with(change);
    cluster
        .call("ReconfigureComputeResource_Task")
        .with(spec)
        .value("modify", true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_is_written_in_the_order_of_the_schema_and_read_again() {
        let rule = Rule {
            key: Some(3),
            name: "cht-servers".to_owned(),
            is_enabled: true,
            is_mandatory: false,
            machines: ["vm-1".to_owned(), "vm-2".to_owned()].into(),
        };
        let element = rule.element();
        let names: Vec<_> = element.children().iter().map(Element::name).collect();
        assert_eq!(
            names,
            ["key", "enabled", "name", "mandatory", "userCreated", "vm", "vm"]
        );
        assert_eq!(Rule::read(&element), Some(rule));
    }

    #[test]
    fn rules_of_other_kinds_are_known_by_name_alone() {
        let text = "<objects><obj type=\"ClusterComputeResource\">domain-c8</obj><propSet><name>configurationEx</name>\
                    <val xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><drsConfig><enabled>true</enabled>\
                    <defaultVmBehavior>partiallyAutomated</defaultVmBehavior></drsConfig>\
                    <rule xsi:type=\"ClusterAffinityRuleSpec\"><key>1</key><name>together</name></rule>\
                    <rule xsi:type=\"ClusterAntiAffinityRuleSpec\"><key>2</key><name>apart</name>\
                    <vm type=\"VirtualMachine\">vm-1</vm></rule></val></propSet></objects>";
        let read = Properties::read(&Element::read(text).unwrap()).unwrap();
        let found = Distribution::read(&read).unwrap();
        assert_eq!((found.is_on, found.moves_machines, found.hosts), (true, false, 0));
        assert_eq!(found.names(), ["apart", "together"]);
        assert!(found.rule_named("together").is_none());
        let apart = found.rule(2).unwrap();
        assert_eq!((apart.is_enabled, apart.machines.len()), (false, 1));
    }
}
