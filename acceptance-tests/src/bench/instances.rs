//! Whole environments: a number of instances from nothing to running, changed, and gone again, on the lab's cluster.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::rbac::v1::PolicyRule;

use acceptance_tests::lab::Lab;
use acceptance_tests::tofu::{Cli, Workspace};

use super::makers::Maker;
use super::plugin::{Measured, Used};

/// The cluster's user whose requests are counted: the provider's.
const USER: &str = "bench";

/// The phase that most runs of a command line are: nothing was changed.
pub(super) const NO_CHANGE: &str = "plan without changes";

/// The phase in which the most is going on at once.
pub(super) const UPDATE: &str = "update all to another release";

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(3600);

const PLAN: &[&str] = &["plan", "-json", "-input=false"];
const APPLY: &[&str] = &["apply", "-json", "-input=false", "-auto-approve"];
const DESTROY: &[&str] = &["destroy", "-json", "-input=false", "-auto-approve"];

/// What instances are measured with.
pub(super) struct Subject<'a> {
    lab: &'a Lab,
    maker: Maker,
    measured: Measured,
    token: String,
}

/// One command, and what it took.
pub(super) struct Phase {
    pub(super) name: &'static str,
    /// From the start of the command line to its end.
    pub(super) wall: Duration,
    /// What all processes of the provider used.
    pub(super) usage: Used,
    /// What the provider asked of the API server: how often, by verb and resource.
    requests: BTreeMap<String, usize>,
}

impl<'a> Subject<'a> {
    pub(super) async fn new(lab: &'a Lab, maker: Maker) -> Result<Self> {
        let everything = PolicyRule {
            api_groups: Some(vec!["*".to_owned()]),
            resources: Some(vec!["*".to_owned()]),
            verbs: vec!["*".to_owned()],
            ..PolicyRule::default()
        };
        Ok(Self {
            lab,
            measured: Measured::new(maker.binary())?,
            maker,
            token: lab.cluster.user(USER, vec![everything]).await?,
        })
    }

    pub(super) fn maker_name(&self) -> &'static str {
        self.maker.name()
    }

    /// Takes a number of instances through their lives.
    pub(super) async fn measure(&self, n_instances: usize) -> Result<Vec<Phase>> {
        let mut workspace = Workspace::with_provider(Cli::tofu()?, self.maker.source(), &self.measured.script())?;
        workspace.set_limit(LIMIT);
        self.maker.prepare(&mut workspace, &self.lab.cluster, &self.token)?;
        let configure = |release: &str| workspace.write("main.tf", &self.maker.configuration(n_instances, release));
        configure("5.3.0")?;
        let mut phases = Vec::new();
        phases.push(self.phase("create", &workspace, APPLY).await?);
        self.lab.cht.hold_still(true);
        // The first plan after a creation notes at each instance that a state has it.
        for (name, command) in [
            ("first plan", PLAN),
            (NO_CHANGE, PLAN),
            ("apply without changes", APPLY),
        ] {
            phases.push(self.phase(name, &workspace, command).await?);
        }
        self.lab.cht.hold_still(false);
        configure("5.3.1")?;
        for (name, command) in [(UPDATE, APPLY), ("destroy", DESTROY)] {
            phases.push(self.phase(name, &workspace, command).await?);
        }
        Ok(phases)
    }

    async fn phase(&self, name: &'static str, workspace: &Workspace, command: &[&str]) -> Result<Phase> {
        let before = self.lab.cluster.requests(0)?.len();
        let start = Instant::now();
        let run = workspace.run(command).await;
        let wall = start.elapsed();
        run.with_context(|| name)?;
        let mut requests = BTreeMap::new();
        for request in self.lab.cluster.requests(before)? {
            *requests
                .entry(format!("{} {}", request.verb, request.resource))
                .or_default() += 1;
        }
        Ok(Phase {
            name,
            wall,
            usage: self.measured.take()?,
            requests,
        })
    }
}

impl Phase {
    pub(super) fn n_requests(&self) -> usize {
        self.requests.values().sum()
    }

    /// The kinds of requests that there are most of.
    pub(super) fn busiest(&self) -> String {
        let mut requests: Vec<_> = self.requests.iter().collect();
        requests.sort_by_key(|(_, n_requests)| std::cmp::Reverse(**n_requests));
        let shown = requests.iter().take(4).map(|(what, n)| format!("{n} {what}"));
        shown.collect::<Vec<_>>().join(", ")
    }
}
