//! The text of a cluster and its agents.

use std::collections::BTreeMap;

use acceptance_tests::k3s::lab::{K3sLab, VERSIONS};

/// The text of a cluster and its agents. Hosts are named by their numbers, and their nodes are called as they are.
#[derive(Clone, Default)]
pub(crate) struct Configuration {
    servers: BTreeMap<usize, String>,
    agents: BTreeMap<usize, String>,
    version: String,
    cluster: String,
    agent: String,
}

impl Configuration {
    /// A cluster of these servers that can be destroyed.
    pub(crate) fn new(servers: impl IntoIterator<Item = usize>) -> Self {
        Self {
            servers: servers.into_iter().map(|number| (number, String::new())).collect(),
            version: VERSIONS[0].to_owned(),
            cluster: "deletion_protection = false\n".to_owned(),
            ..Self::default()
        }
    }

    /// With these agents.
    pub(crate) fn agents(mut self, agents: impl IntoIterator<Item = usize>) -> Self {
        self.agents = agents.into_iter().map(|number| (number, String::new())).collect();
        self
    }

    /// In another version than the first.
    pub(crate) fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// With the protection that clusters have by default.
    pub(crate) fn protected(mut self) -> Self {
        self.cluster.clear();
        self
    }

    /// With further lines of the cluster.
    pub(crate) fn with(mut self, lines: &str) -> Self {
        self.cluster.push_str(lines);
        self.cluster.push('\n');
        self
    }

    /// With further lines of one of its servers.
    pub(crate) fn with_server(mut self, number: usize, lines: &str) -> Self {
        let server = self.servers.get_mut(&number).expect("the server is there");
        server.push_str(lines);
        server.push('\n');
        self
    }

    /// With further lines of each agent.
    pub(crate) fn with_agents(mut self, lines: &str) -> Self {
        self.agent.push_str(lines);
        self.agent.push('\n');
        self
    }

    /// With further lines of one agent.
    pub(crate) fn with_agent(mut self, number: usize, lines: &str) -> Self {
        let agent = self.agents.get_mut(&number).expect("the agent is there");
        agent.push_str(lines);
        agent.push('\n');
        self
    }

    /// The whole configuration.
    pub(crate) fn hcl(&self, lab: &K3sLab) -> String {
        let version = if lab.plays_k3s() {
            &self.version
        } else {
            lab.first_version()
        };
        let binary = lab.release(version).expect("a release").attribute();
        let provider = lab.provider_block().expect("the hosts have keys");
        let servers: String = self
            .servers
            .iter()
            .map(|(number, lines)| {
                let host = lab.host(*number);
                format!("{} = {{\nhost = \"{}\"\n{lines}}}\n", host.name(), host.ip())
            })
            .collect();
        let cluster = format!(
            "resource \"cht_k3s_cluster\" \"test\" {{\nversion = {version:?}\nbinary = {binary}\nservers = {{\n{servers}}}\n{}}}\n",
            self.cluster
        );
        let agents: String = self
            .agents
            .iter()
            .map(|(number, lines)| {
                let host = lab.host(*number);
                let (name, ip) = (host.name(), host.ip());
                let also = &self.agent;
                format!(
                    "resource \"cht_k3s_agent\" {name:?} {{\ncluster = cht_k3s_cluster.test.join\nname = {name:?}\nhost = \"{ip}\"\n\
                     binary = {binary}\n{also}{lines}}}\n"
                )
            })
            .collect();
        format!("{provider}{cluster}{agents}")
    }
}
