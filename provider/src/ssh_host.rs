//! `data.cht_ssh_host`: what a host is, by which key it is known, and whether it is fit for k3s with CHT on it.
//!
//! One command by SSH: [`probe.sh`](facts) prints the facts, `facts` reads them, `fitness` judges them. A host that
//! cannot be reached, or that is not believed, is an error; one that is not fit is an answer.

mod facts;
mod fitness;

use std::time::SystemTime;

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;
use tf_framework::{Attr, Model};

use self::facts::{Facts, PROBE};
use self::fitness::Fitness;
use crate::provider::Clients;
use crate::ssh::diagnostics::{ATTRIBUTE, Described};
use crate::ssh::{Access, Command, Error, HostKey, Pins, Ssh, rules};

const SUMMARY: &str = "Unable to look at the host";

/// Looks at a host by SSH: what it is, by which key it is known, and whether it is fit for k3s with CHT on it.
///
/// Nothing is changed there. A host that is not fit is no error: `problems` says why it does not work, and `warnings`
/// why it may not. Where something must not go on with such a host, check `fit` in a `postcondition`.
#[derive(Clone, Model)]
pub struct SshHostDataModel {
    /// Address of the host: a name or an IP address.
    #[tf(validate(rules::host()))]
    pub host: String,
    /// How the host is logged in to; the provider's `ssh` where it is not given, attribute by attribute. A data source
    /// keeps nothing, so that `accept-new` believes the host at each look.
    pub ssh: Option<Ssh>,
    /// Whether there are no problems.
    pub fit: Attr<bool>,
    /// Why k3s, or CHT on it, does not work on the host.
    pub problems: Attr<Vec<String>>,
    /// Why k3s, or CHT on it, may not work well on the host.
    pub warnings: Attr<Vec<String>>,
    /// The host's key, as in `known_hosts`: what to give in `host_key`.
    pub host_key: Attr<String>,
    /// SHA-256 print of the host's key.
    pub host_key_print: Attr<String>,
    /// Name of the host, as it calls itself.
    pub hostname: Attr<String>,
    /// ID that makes the host different from all others; null if it has none.
    pub machine_id: Attr<String>,
    /// Name of the operating system, such as `Debian GNU/Linux 12 (bookworm)`.
    pub os: Attr<String>,
    /// ID of the operating system, such as `debian`; null if it has none.
    pub os_id: Attr<String>,
    /// Version of the operating system, such as `12`; null if it has none.
    pub os_version: Attr<String>,
    /// Version of the kernel.
    pub kernel: Attr<String>,
    /// Architecture, such as `x86_64`.
    pub architecture: Attr<String>,
    /// Number of CPUs.
    pub cpus: Attr<i64>,
    /// Memory in MiB.
    pub memory_mib: Attr<i64>,
    /// Swap space in MiB.
    pub swap_mib: Attr<i64>,
    /// Free space below `/var/lib` in MiB.
    pub disk_free_mib: Attr<i64>,
    /// Version of cgroups: 1 or 2.
    pub cgroup_version: Attr<i64>,
    /// Version of systemd; null if it does not run.
    pub systemd_version: Attr<String>,
    /// How many seconds the host's clock is ahead of that of this machine.
    pub clock_skew_seconds: Attr<i64>,
}

/// Looks at one host.
#[derive(Debug)]
pub struct SshHostDataSource;

impl DataSource for SshHostDataSource {
    type Model = SshHostDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_ssh_host";

    fn validate(&self, config: &SshHostDataModelDraft, diagnostics: &mut Diagnostics) {
        if let Attr::Known(ssh) = &config.ssh {
            ssh.validate(&Path::new(ATTRIBUTE), diagnostics);
        }
    }

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: SshHostDataModel,
    ) -> Result<SshHostDataModel, Diagnostics> {
        let described = Described {
            host: &config.host,
            own: config.ssh.as_ref(),
            default: scope.clients().ssh(config.ssh.as_ref())?,
            host_path: &Path::new(SshHostDataModel::HOST),
            ssh_path: &Path::new(ATTRIBUTE),
        };
        let access = Access::new(scope.clients().sessions(), described, &Pins::new())?;
        let access = access.with_cancellation(scope.cancellation());
        let looked = look(&access).await.map_err(access.explain(SUMMARY))?;
        config.fill(looked);
        Ok(config)
    }
}

/// What was found.
struct Looked {
    key: HostKey,
    facts: Facts,
    skew_seconds: Option<i64>,
    fitness: Fitness,
}

impl SshHostDataModel {
    fn fill(&mut self, looked: Looked) {
        let Looked {
            key,
            facts,
            skew_seconds,
            fitness,
        } = looked;
        self.fit = Attr::Known(fitness.problems.is_empty());
        self.problems = Attr::Known(fitness.problems);
        self.warnings = Attr::Known(fitness.warnings);
        self.host_key = Attr::Known(key.line);
        self.host_key_print = Attr::Known(key.print);
        self.hostname = facts.hostname.into();
        self.machine_id = facts.machine_id.into();
        self.os = facts.os.into();
        self.os_id = facts.os_id.into();
        self.os_version = facts.os_version.into();
        self.kernel = facts.kernel.into();
        self.architecture = facts.architecture.into();
        self.cpus = facts.cpus.into();
        self.memory_mib = facts.memory_mib.into();
        self.swap_mib = facts.swap_mib.into();
        self.disk_free_mib = facts.disk_free_mib.into();
        self.cgroup_version = facts.cgroup_version.into();
        self.systemd_version = facts.systemd.into();
        self.clock_skew_seconds = skew_seconds.into();
    }
}

/// Looks at a host as root, or as the user if `sudo` refuses, which is a problem of the host and no failure.
async fn look(access: &Access) -> Result<Looked, Error> {
    let session = &access.session;
    let key = session.connect().await?;
    let probe = || Command::script("read the facts of the host", PROBE, &[]);
    let (mut began, mut refusal) = (now(), None);
    let output = match session.run(probe()).await {
        Err(error) if error.is_sudo() => {
            refusal = Some(error);
            began = now();
            session.run(probe().as_user()).await?
        }
        output => output?,
    };
    let facts = Facts::parse(&output.text());
    let skew_seconds = facts.time.map(|time| time.saturating_sub(i64::midpoint(began, now())));
    let mut fitness = Fitness::of(&facts, skew_seconds);
    if let Some(refusal) = refusal {
        fitness.problem(format!("It cannot be administered: {refusal}."));
    }
    Ok(Looked {
        key,
        facts,
        skew_seconds,
        fitness,
    })
}

/// This machine's clock, in seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
