//! A vCenter that is named by the environment, or else the simulator: for tests that ask nobody but the provider.
//!
//! With `VSPHERE_SERVER` it is a real one, to which `VSPHERE_USER` and `VSPHERE_PASSWORD` log in; what machines are
//! made of there is said by the variables in [`Names`]. `CONTRIBUTING.md` says how such a run is started.

use std::env;
use std::fmt::Write as _;

use acceptance_tests::skip;
use acceptance_tests::tofu::{Diagnostic, Plan, Workspace};
use acceptance_tests::vcenter::{Options, VCenter};
use serde_json::{Value, json};

use super::{Text, resource, workspace};
use crate::support::{done, failure};

/// A workspace, and a way to a vCenter.
pub(crate) struct Anywhere {
    pub(crate) workspace: Workspace,
    simulator: Option<VCenter>,
    names: Names,
    /// What the names of all that is made begin with.
    prefix: String,
}

/// What machines are made of.
struct Names {
    datacenter: String,
    cluster: String,
    datastore: String,
    network: String,
    template: String,
    /// With the length of its prefix; none if machines get theirs by DHCP.
    address: Option<String>,
    /// To whom roles are given; none if none are to be.
    principal: Option<String>,
}

impl Names {
    /// Those of the simulator.
    fn of_simulator() -> Self {
        Names {
            datacenter: "DC0".to_owned(),
            cluster: "DC0_C0".to_owned(),
            datastore: "LocalDS_0".to_owned(),
            network: "DC0_DVPG0".to_owned(),
            template: "ubuntu".to_owned(),
            address: Some("10.20.0.21/24".to_owned()),
            principal: Some("cns@vsphere.local".to_owned()),
        }
    }

    /// Those that the environment says.
    fn of_environment() -> Self {
        let said = |name: &str| variable(name).unwrap_or_else(|| panic!("{name} says what a machine is made of"));
        Names {
            datacenter: said("CHT_VSPHERE_DATACENTER"),
            cluster: said("CHT_VSPHERE_CLUSTER"),
            datastore: said("CHT_VSPHERE_DATASTORE"),
            network: said("CHT_VSPHERE_NETWORK"),
            template: said("CHT_VSPHERE_TEMPLATE"),
            address: variable("CHT_VSPHERE_ADDRESS"),
            principal: variable("CHT_VSPHERE_PRINCIPAL"),
        }
    }
}

impl Anywhere {
    /// The real vCenter if the environment names one, or else a simulator.
    pub(crate) async fn new() -> Self {
        let is_real = variable("VSPHERE_SERVER").is_some();
        let simulator = if is_real {
            None
        } else {
            Some(VCenter::start(&Options::default()).await.expect("the vCenter starts"))
        };
        Anywhere {
            workspace: workspace(),
            names: if is_real {
                Names::of_environment()
            } else {
                Names::of_simulator()
            },
            simulator,
            prefix: format!("cht-test-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]),
        }
    }

    /// The simulator, for what no other vCenter does on demand; the rest of the test is skipped without it.
    pub(crate) fn simulator(&self) -> Option<&VCenter> {
        if self.simulator.is_none() {
            skip::skipped("only the simulator of vCenter has faults on demand");
        }
        self.simulator.as_ref()
    }

    /// Who gets roles; the rest of the test is skipped where nobody is said.
    pub(crate) fn principal(&self) -> Option<&str> {
        if self.names.principal.is_none() {
            skip::skipped("CHT_VSPHERE_PRINCIPAL does not say who may get a role");
        }
        self.names.principal.as_deref()
    }

    /// Data sources of all that a machine is made of, each called `test`.
    pub(crate) fn surroundings(&self) -> String {
        let Names {
            datacenter,
            cluster,
            datastore,
            network,
            template,
            ..
        } = &self.names;
        let mut text = format!("data \"cht_vsphere_datacenter\" \"test\" {{\n  name = {datacenter:?}\n}}\n");
        for (kind, name) in [
            ("cluster", cluster),
            ("datastore", datastore),
            ("network", network),
            ("template", template),
        ] {
            write!(
                text,
                "data \"cht_vsphere_{kind}\" \"test\" {{\n  datacenter = data.cht_vsphere_datacenter.test.path\n  name = {name:?}\n}}\n"
            )
            .expect("a string takes everything");
        }
        text
    }

    /// The cluster in which machines are made.
    pub(crate) fn cluster(&self) -> &str {
        &self.names.cluster
    }

    /// A name that nothing else has.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// A small machine that can be destroyed without a trace.
    pub(crate) fn machine(&self, name: &str) -> Text {
        let mut card = format!("network = {:?}", self.names.network);
        if let Some(address) = &self.names.address {
            write!(card, ", addresses = [{address:?}]").expect("a string takes everything");
        }
        Text::new(&self.name(name))
            .set("datacenter", &json!(self.names.datacenter).to_string())
            .set("cluster", &json!(self.names.cluster).to_string())
            .set("datastore", &json!(self.names.datastore).to_string())
            .set("template", &json!(self.names.template).to_string())
            .set("network_interfaces", &format!("[{{ {card} }}]"))
    }

    /// Goes on in another workspace, which knows nothing of this one.
    pub(crate) fn forget(&mut self) {
        self.workspace = workspace();
    }

    /// Writes resources after a provider block. Where a real vCenter is named, the provider reads the environment
    /// itself.
    pub(crate) fn write(&self, resources: &str) {
        let block = match &self.simulator {
            Some(simulator) => {
                let trust = format!("ca_certificate = {}", json!(simulator.ca_pem()));
                super::provider_block(simulator, simulator.user(), simulator.password(), &trust)
            }
            None => match variable("CHT_VSPHERE_THUMBPRINT") {
                Some(thumbprint) => format!("provider \"cht\" {{\n  vsphere = {{ thumbprint = {thumbprint:?} }}\n}}\n"),
                None => "provider \"cht\" {\n  vsphere = {}\n}\n".to_owned(),
            },
        };
        let written = self.workspace.write("main.tf", &(block + resources));
        written.expect("the configuration is written");
    }

    pub(crate) async fn plan(&self) -> Plan {
        done("plan", self.workspace.plan().await)
    }

    pub(crate) async fn plan_fails(&self) -> Diagnostic {
        failure("plan", self.workspace.plan().await)
    }

    pub(crate) async fn apply(&self) {
        done("apply", self.workspace.apply().await);
    }

    pub(crate) async fn apply_fails(&self) {
        failure("apply", self.workspace.apply().await);
    }

    /// Checks that there is nothing to do.
    pub(crate) async fn is_settled(&self) {
        let plan = self.plan().await;
        assert!(plan.is_empty(), "{:?}", plan.changes().collect::<Vec<_>>());
    }

    pub(crate) async fn destroy(&self) {
        done("destroy", self.workspace.destroy().await);
    }

    /// The attributes of a resource in the state; null if it is not there.
    pub(crate) async fn state(&self, address: &str) -> Value {
        resource(&self.workspace, address).await
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
