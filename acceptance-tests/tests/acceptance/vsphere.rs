//! A scene with a vCenter of its own: what tests of vSphere's resources work with.

pub(crate) mod anywhere;

use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};

use acceptance_tests::tofu::{Cli, Steps, Workspace, provider_binary};
use acceptance_tests::vcenter::{Machine, Options, VCenter};
use serde_json::{Value, json};

use crate::support::done;

/// The address of the machine in most configurations.
pub(crate) const ADDRESS: &str = "cht_vsphere_virtual_machine.test";

/// A workspace and a vCenter.
pub(crate) struct Scene {
    steps: Steps,
    pub(crate) vcenter: VCenter,
}

/// The text of a machine that can be destroyed without a trace. What is set replaces what was.
#[derive(Clone)]
pub(crate) struct Text {
    name: String,
    lines: Vec<(String, String)>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(&Options::default()).await
    }

    pub(crate) async fn with(options: &Options) -> Self {
        let vcenter = VCenter::start(options).await.expect("the vCenter starts");
        Scene {
            steps: Steps::of(workspace()),
            vcenter,
        }
    }

    /// Another workspace, which knows nothing of this one.
    pub(crate) fn forget(&mut self) {
        self.steps = Steps::of(workspace());
    }

    /// Goes on in another workspace, which knows nothing of this one, and hands this one back.
    pub(crate) fn exchange(&mut self, other: Option<Workspace>) -> Workspace {
        std::mem::replace(&mut self.workspace, other.unwrap_or_else(workspace))
    }

    /// Writes resources after a provider block that leads to the vCenter.
    pub(crate) fn write(&self, resources: &str) {
        let trust = format!("ca_certificate = {}", json!(self.vcenter.ca_pem()));
        self.write_with(&trust, resources);
    }

    /// Writes resources after a provider block that trusts the vCenter as these lines say.
    pub(crate) fn write_with(&self, trust: &str, resources: &str) {
        self.write_login(self.vcenter.user(), self.vcenter.password(), trust, resources);
    }

    /// Writes resources after a provider block with another user.
    pub(crate) fn write_as(&self, user: &str, password: &str, resources: &str) {
        let trust = format!("ca_certificate = {}", json!(self.vcenter.ca_pem()));
        self.write_login(user, password, &trust, resources);
    }

    fn write_login(&self, user: &str, password: &str, trust: &str, resources: &str) {
        let text = provider_block(&self.vcenter, user, password, trust) + resources;
        self.workspace
            .write("main.tf", &text)
            .expect("the configuration is written");
    }

    /// The machine as the vCenter has it.
    pub(crate) async fn machine(&self, name: &str) -> Machine {
        self.vcenter.machine(name).await.expect("the machine is there")
    }

    /// The names of all machines but templates.
    pub(crate) async fn machines(&self) -> Vec<String> {
        let machines = self.vcenter.machines().await.expect("the vCenter answers");
        let machines = machines.into_iter().filter(|machine| !machine.template);
        machines.map(|machine| machine.name).collect()
    }
}

impl Deref for Scene {
    type Target = Steps;

    fn deref(&self) -> &Steps {
        &self.steps
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Steps {
        &mut self.steps
    }
}

/// The provider block that leads to a vCenter.
pub(crate) fn provider_block(vcenter: &VCenter, user: &str, password: &str, trust: &str) -> String {
    let (host, port) = vcenter.address().rsplit_once(':').expect("host and port");
    format!(
        "provider \"cht\" {{\n  vsphere = {{\n    server = {host:?}\n    port = {port}\n    user = {user:?}\n    password = {password:?}\n    \
         {trust}\n  }}\n}}\n"
    )
}

/// Roles of a user by presets, each on an object of some type, as an administrator of a vCenter makes them.
pub(crate) fn grants(user: &str, roles: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (preset, entity_type, path) in roles {
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("entity_path = {path:?}")
        };
        write!(
            text,
            "resource \"cht_vsphere_role\" {preset:?} {{\n  name = \"cht-{preset}\"\n  preset = {preset:?}\n}}\n\
             resource \"cht_vsphere_permission\" {preset:?} {{\n  principal = {user:?}\n  role = cht_vsphere_role.{preset}.name\n  \
             entity_type = {entity_type:?}\n  {path}\n  propagate = {}\n}}\n",
            *preset == "read-only"
        )
        .expect("a string takes everything");
    }
    text
}

/// The attributes of a resource in the state of a workspace; null if it is not there.
async fn resource(workspace: &Workspace, address: &str) -> Value {
    let state = done("show", workspace.show().await);
    let resources = state.pointer("/values/root_module/resources").and_then(Value::as_array);
    let found = resources.and_then(|all| all.iter().find(|one| one["address"] == address));
    found.map(|one| one["values"].clone()).unwrap_or_default()
}

fn workspace() -> Workspace {
    let cli = Cli::tofu().expect("tofu is there");
    Workspace::new(cli, &provider_binary().expect("the provider was built")).expect("a workspace")
}

impl Text {
    /// A small machine with a fixed address: that of `node-1` ends with 21, that of `node-2` with 22.
    pub(crate) fn new(name: &str) -> Self {
        let number = name
            .rsplit('-')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(1);
        let card = format!(
            "[{{ network = \"DC0_DVPG0\", addresses = [\"10.20.0.{}/24\"] }}]",
            20 + number
        );
        Text {
            name: "test".to_owned(),
            lines: Vec::new(),
        }
        .set("name", &json!(name).to_string())
        .set("cluster", "\"DC0_C0\"")
        .set("template", "\"ubuntu\"")
        .set("datastore", "\"LocalDS_0\"")
        .set("cpus", "2")
        .set("memory_mib", "2048")
        .set("network_interfaces", &card)
        .set("deletion_protection", "false")
    }

    /// The same as another resource.
    pub(crate) fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The same with an attribute set to an expression.
    pub(crate) fn set(mut self, attribute: &str, expression: &str) -> Self {
        self.lines.retain(|(name, _)| name != attribute);
        self.lines.push((attribute.to_owned(), expression.to_owned()));
        self
    }

    /// The same without an attribute.
    pub(crate) fn without(mut self, attribute: &str) -> Self {
        self.lines.retain(|(name, _)| name != attribute);
        self
    }

    /// The block.
    pub(crate) fn hcl(&self) -> String {
        let mut text = format!("resource \"cht_vsphere_virtual_machine\" {:?} {{\n", self.name);
        for (attribute, expression) in &self.lines {
            writeln!(text, "  {attribute} = {expression}").expect("a string takes everything");
        }
        text.push_str("}\n");
        text
    }
}
