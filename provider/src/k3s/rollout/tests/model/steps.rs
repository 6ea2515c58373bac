//! How steps are carried out: in small acts, after each of which the provider may be killed.

use super::{Cluster, Killed};
use crate::k3s::marker::Phase;
use crate::k3s::rollout::Step;
use crate::k3s::version::K3sVersion;

impl Cluster {
    /// Carries a step out, until it is done or killed.
    pub(in crate::k3s::rollout::tests) fn carry_out(&mut self, step: &Step) -> Result<(), Killed> {
        match step {
            Step::Snapshot { .. } => self.act(|cluster| cluster.snapshot = true),
            Step::Bootstrap { server, version } => self.begin(server, *version),
            Step::Join {
                server,
                through,
                version,
            } => self.join(server, through.as_deref(), *version),
            Step::Start { server } => self.start(server),
            Step::Await { .. } => self.act(Self::go_on),
            Step::Restart { server } => self.restart(server, None),
            Step::Upgrade { server, version, .. } => {
                self.act(|cluster| cluster.host(server).cordoned = true)?;
                self.restart(server, Some(*version))?;
                self.act(|cluster| cluster.host(server).cordoned = false)
            }
            Step::ClearCredentials { server } => {
                self.act(|cluster| cluster.host(server).files.0 = cluster.token)?;
                self.act(|cluster| cluster.host(server).stale_credentials = false)?;
                self.start(server)
            }
            Step::ResetData { server } => {
                self.act(|cluster| cluster.stop(server))?;
                self.act(|cluster| cluster.wipe(server))
            }
            Step::Miss { server } => self.act(|cluster| cluster.clear_up(server)),
            Step::RemoveMember { server, .. } => self.forget(server),
            Step::Remove {
                server, member_first, ..
            } => {
                self.leave(server, *member_first)?;
                self.act(|cluster| cluster.wipe(server))?;
                self.act(|cluster| {
                    cluster.hosts.remove(server);
                })
            }
            Step::Deregister {
                server, member_first, ..
            } => {
                self.leave(server, *member_first)?;
                self.act(|cluster| cluster.wipe(server))?;
                self.act(|cluster| cluster.host(server).address = cluster.host(server).wanted_address)
            }
            Step::Cleanup { server } => {
                self.act(|cluster| cluster.stop(server))?;
                self.act(|cluster| cluster.wipe(server))?;
                self.act(|cluster| {
                    cluster.hosts.remove(server);
                })
            }
            Step::RotateToken { .. } => self.act(|cluster| cluster.token = cluster.wanted.0),
            Step::WriteToken { server } => self.write_token(server),
            Step::WriteFiles { server, through } => self.write(server, through.as_deref()),
            Step::Uncordon { server } => self.act(|cluster| cluster.host(server).cordoned = false),
            Step::PatchNode { .. } | Step::Convert { .. } => panic!("this model has no {step}"),
        }
    }

    fn begin(&mut self, name: &str, version: K3sVersion) -> Result<(), Killed> {
        self.act(|cluster| cluster.host(name).phase = cluster.host(name).phase.or(Some(Phase::Bootstrapping)))?;
        self.install(name, version)?;
        self.act(|cluster| {
            cluster.host(name).files = cluster.wanted;
            cluster.host(name).init = true;
        })?;
        self.start(name)?;
        self.act(|cluster| cluster.host(name).phase = Some(Phase::Joined))
    }

    fn join(&mut self, name: &str, through: Option<&str>, version: K3sVersion) -> Result<(), Killed> {
        assert!(
            !self.members.contains_key(name),
            "{name} joins while etcd still counts a member of its name"
        );
        self.act(|cluster| cluster.host(name).phase = Some(Phase::Joining))?;
        self.install(name, version)?;
        self.act(|cluster| {
            cluster.host(name).files = (cluster.token, cluster.wanted.1);
            cluster.host(name).init = false;
            cluster.host(name).through = through.map(str::to_owned);
        })?;
        self.act(|cluster| cluster.host(name).address = cluster.host(name).wanted_address)?;
        self.start(name)?;
        self.act(|cluster| cluster.host(name).phase = Some(Phase::Joined))
    }

    fn install(&mut self, name: &str, version: K3sVersion) -> Result<(), Killed> {
        self.act(|cluster| cluster.host(name).installed = Some(version))
    }

    fn write(&mut self, name: &str, through: Option<&str>) -> Result<(), Killed> {
        self.act(|cluster| {
            cluster.host(name).files.1 = cluster.wanted.1;
            cluster.host(name).through = through.map(str::to_owned);
            cluster.host(name).init &= through.is_none();
        })?;
        self.act(|cluster| cluster.host(name).phase = Some(Phase::Joined))
    }

    fn write_token(&mut self, name: &str) -> Result<(), Killed> {
        let is_starting = !self.hosts[name].stopped && !self.hosts[name].up;
        if is_starting {
            self.act(|cluster| cluster.stop(name))?;
        }
        self.act(|cluster| cluster.host(name).files.0 = cluster.wanted.0)?;
        if is_starting {
            self.act(|cluster| cluster.host(name).stopped = false)?;
            self.act(|cluster| cluster.come_up(name))?;
        }
        Ok(())
    }

    fn restart(&mut self, name: &str, version: Option<K3sVersion>) -> Result<(), Killed> {
        if let Some(version) = version {
            self.install(name, version)?;
        }
        self.act(|cluster| cluster.host(name).files = cluster.wanted)?;
        self.act(|cluster| cluster.go_down(name))?;
        self.start(name)
    }

    fn start(&mut self, name: &str) -> Result<(), Killed> {
        self.act(|cluster| cluster.host(name).files.1 = cluster.wanted.1)?;
        self.act(|cluster| cluster.host(name).stopped = false)?;
        self.act(|cluster| cluster.come_up(name))?;
        self.act(|cluster| cluster.promote(name))
    }

    /// A Node is deleted until it is gone, and what is started meanwhile may come up.
    fn forget(&mut self, name: &str) -> Result<(), Killed> {
        if self
            .hosts
            .get(name)
            .is_some_and(|host| host.reachable && host.phase.is_some())
        {
            self.act(|cluster| cluster.host(name).phase = Some(Phase::Leaving))?;
            self.act(|cluster| cluster.stop(name))?;
        }
        for _ in 0..2 {
            self.act(|cluster| {
                let runs = cluster.hosts.get(name).is_some_and(|host| host.up);
                assert!(!runs, "{name} was taken for gone while it ran");
                cluster.delete_node(name);
                cluster.go_on();
            })?;
        }
        Ok(())
    }

    fn leave(&mut self, name: &str, member_first: bool) -> Result<(), Killed> {
        self.act(|cluster| cluster.host(name).phase = Some(Phase::Leaving))?;
        self.act(|cluster| cluster.host(name).cordoned = true)?;
        if member_first {
            self.act(|cluster| cluster.delete_node(name))?;
            return self.act(|cluster| cluster.stop(name));
        }
        self.act(|cluster| cluster.stop(name))?;
        self.act(|cluster| cluster.delete_node(name))
    }

    /// One act, unless it is time to be killed; then the cluster is checked.
    fn act(&mut self, act: impl FnOnce(&mut Self)) -> Result<(), Killed> {
        let Some(left) = self.acts_left.checked_sub(1) else {
            return Err(Killed);
        };
        self.acts_left = left;
        act(self);
        self.elect();
        self.check();
        Ok(())
    }
}
