//! What goes wrong with a host: its cable, its disk, its clock, its ports.

use std::time::Duration;

use anyhow::Result;

use super::{Host, Network};
use crate::cluster::wait;

/// How long a port may take to be taken.
const LIMIT: Duration = Duration::from_secs(20);

impl Host {
    /// Pulls its cables. They stay pulled through a reboot.
    ///
    /// # Errors
    /// If that fails.
    pub fn disconnect(&self) -> Result<()> {
        self.on_ports(&format!("touch {}", self.directory("cut")), "ip link set $port down")
    }

    /// Plugs its cables in again.
    ///
    /// # Errors
    /// If that fails.
    pub fn connect(&self) -> Result<()> {
        self.on_ports(&format!("rm -f {}", self.directory("cut")), "ip link set $port up")
    }

    /// Lets no more than so many kilobits per second through its cables, in either direction, also after a reboot.
    ///
    /// # Errors
    /// If that fails.
    pub async fn slow_link(&self, kilobits_per_second: u32) -> Result<()> {
        // A queue of half a second, and room for the largest packets.
        let limit = format!("rate {kilobits_per_second}kbit burst 4kb latency 500ms");
        self.on_ports(
            &format!("echo {limit} > {}", self.directory("slow")),
            &format!("tc qdisc replace dev $port root tbf {limit}"),
        )?;
        self.on_interfaces(&format!("tc qdisc replace dev $interface root tbf {limit}"))
            .await
    }

    /// Lets everything through again.
    ///
    /// # Errors
    /// If the link is not slow.
    pub async fn normal_link(&self) -> Result<()> {
        self.on_ports(
            &format!("rm {}", self.directory("slow")),
            "tc qdisc delete dev $port root",
        )?;
        self.on_interfaces("tc qdisc delete dev $interface root").await
    }

    /// Leaves no free space on its disk.
    ///
    /// # Errors
    /// If that fails.
    pub fn fill_disk(&self) -> Result<()> {
        // A disk that is as small as what is on it, instead of a file that takes all memory.
        let disk = self.directory("disk");
        self.site.run(&format!(
            "used=$(stat --file-system --format='%b %f %S' {disk} | {{ read blocks free size; echo $(((blocks - free) * size)); }})
            mount --no-mtab -o remount,size=$used {disk}"
        ))?;
        Ok(())
    }

    /// Makes its disk as large as before.
    ///
    /// # Errors
    /// If that fails.
    pub fn free_disk(&self) -> Result<()> {
        let remount = format!(
            "mount --no-mtab -o remount,size={} {}",
            super::host::DISK,
            self.directory("disk")
        );
        self.site.run(&remount).map(drop)
    }

    /// Removes everything in a directory of the host, which must be up.
    ///
    /// # Errors
    /// If there is no such directory, or something in it cannot be removed.
    pub async fn wipe(&self, directory: &str) -> Result<()> {
        self.exec(&format!("find '{directory}' -mindepth 1 -delete"))
            .await
            .map(drop)
    }

    /// Makes its clock wrong by so many seconds, until it reboots.
    ///
    /// All hosts have the kernel's clock, so this is an illusion: it holds for what is started over SSH, with `sudo` or
    /// without, and for services that are started from then on; not for what runs already, for sshd, and for programs
    /// that do not ask libc.
    ///
    /// # Errors
    /// If the host is off.
    pub async fn set_clock(&self, offset_seconds: i64) -> Result<()> {
        let script = format!(
            "set -- $(echo /usr/lib/*/faketime/libfaketime.so.1)
            printf 'LD_PRELOAD=%s\\nFAKETIME=%+d\\n' \"$1\" {offset_seconds} > /etc/environment
            systemctl set-environment LD_PRELOAD=$1 FAKETIME=$(printf %+d {offset_seconds})"
        );
        self.exec(&script).await.map(drop)
    }

    /// Has a service listen on a TCP port, and waits until it does.
    ///
    /// # Errors
    /// If the port is taken already.
    pub async fn take_port(&self, port: u16) -> Result<()> {
        self.exec(&format!(
            "systemd-run --quiet --unit=port-{port} systemd-socket-activate --accept --inetd --listen={port} cat"
        ))
        .await?;
        let listening = async || {
            let look = self.exec(&format!("ss -Htln sport = :{port} | grep .")).await;
            look.map(drop).map_err(|error| format!("{error:#}"))
        };
        wait::until("the port to be taken", LIMIT, listening).await
    }

    /// Ends the service that listens on the port.
    ///
    /// # Errors
    /// If there is none.
    pub async fn free_port(&self, port: u16) -> Result<()> {
        self.exec(&format!("systemctl stop port-{port}")).await.map(drop)
    }

    /// Runs a script in the lab, and another for each of the bridges' ports that the host is plugged into.
    fn on_ports(&self, first: &str, each: &str) -> Result<()> {
        let number = self.number();
        let ports = match self.network() {
            Network::Outer => format!("outer{number}"),
            Network::Inner => format!("inner{number}"),
            Network::Both => format!("outer{number} inner{number}"),
        };
        self.site
            .run(&format!("{first}\nfor port in {ports}; do {each}; done"))
            .map(drop)
    }

    /// Runs a script for each interface of the host.
    async fn on_interfaces(&self, each: &str) -> Result<()> {
        let interfaces = match self.network() {
            Network::Outer | Network::Inner => "eth0",
            Network::Both => "eth0 eth1",
        };
        self.exec(&format!("for interface in {interfaces}; do {each} || exit; done"))
            .await
            .map(drop)
    }
}
