//! Machines that are hosts: they come, stop, go on and go as the vCenter says, and let in whom they were told.

use std::path::Path;

use acceptance_tests::cluster::wait;
use acceptance_tests::data_center::{DataCenter, places};
use acceptance_tests::hosts::{Host, available};
use acceptance_tests::k3s::lab::K3sLab;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tokio::process::Command;

use super::LIMIT;
use super::soap::{Soap, extra};
use crate::hosts::LABS;

/// A lab with one place.
struct Site {
    lab: K3sLab,
    center: DataCenter,
    soap: Soap,
}

impl Site {
    async fn new() -> Self {
        // Nothing is installed, so there need be nothing to install.
        let lab = K3sLab::with(Path::new("/nonexistent"), &places(1)).await.unwrap();
        let center = DataCenter::start(&lab).await.unwrap();
        let soap = Soap::login(&center.vcenter).await;
        Self { lab, center, soap }
    }

    fn host(&self) -> &Host {
        self.lab.host(1)
    }

    /// Makes a machine that is told the address of the place, and powers it on.
    async fn make(&self, name: &str) {
        let id = self.soap.clone_template(name, "", false).await;
        let mac = self.center.vcenter.machine(name).await.unwrap().nics[0]
            .mac_address
            .clone();
        let key = std::fs::read_to_string(self.lab.hosts().ssh_key().with_extension("pub")).unwrap();
        let card = json!({"match": {"macaddress": mac}, "addresses": [self.center.place(1).unwrap()]});
        let metadata = json!({
            "local-hostname": name,
            "public-keys-data": key,
            "network": {"version": 2, "ethernets": {"id0": card}},
        });
        let config = extra("guestinfo.metadata", &BASE64_STANDARD.encode(metadata.to_string()))
            + &extra("guestinfo.metadata.encoding", "base64");
        let arguments = format!("<spec>{config}</spec>");
        assert_eq!(self.soap.task("ReconfigVM_Task", &id, &arguments).await.fault, "");
        assert_eq!(self.soap.task("PowerOnVM_Task", &id, "").await.fault, "");
    }

    /// Waits until the vCenter tells that the guest is up or not.
    async fn tools_run(&self, name: &str, run: bool) {
        let look = async || {
            let machine = self
                .center
                .vcenter
                .machine(name)
                .await
                .map_err(|error| error.to_string())?;
            match machine.guest.tools_running == run && self.host().is_powered() == run {
                true => Ok(()),
                false => Err(format!("{:?}, {:?}", machine.guest, self.center.troubles())),
            }
        };
        wait::until("the guest", LIMIT, look).await.unwrap();
    }

    /// What a command prints that a user runs by SSH; nothing if the user is not let in.
    async fn ssh(&self, user: &str, command: &str) -> String {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-n", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"])
            .args([
                "-o",
                "StrictHostKeyChecking=no",
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-i",
            ])
            .arg(self.lab.hosts().ssh_key())
            .arg(format!("{user}@{}", self.host().ip()))
            .arg(command);
        String::from_utf8_lossy(&ssh.output().await.unwrap().stdout)
            .trim()
            .to_owned()
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_is_a_host_from_its_first_power_on_until_it_is_destroyed() {
    if !available() {
        return;
    }
    let _beside = LABS.read().await;
    let site = Site::new().await;
    assert!(!site.host().is_powered());
    site.make("first").await;
    site.tools_run("first", true).await;
    assert_eq!(
        site.ssh("ubuntu", "hostname; sudo id --name --user").await,
        "first\nroot"
    );
    assert_eq!(site.ssh("root", "hostname").await, "", "nobody was told of root");
    assert_eq!(site.ssh("admin", "hostname").await, "", "nor of the lab's own users");
    site.ssh("ubuntu", "sudo touch /kept").await;
    let key = site.host().host_key().unwrap();

    site.center.vcenter.power_off("first").await.unwrap();
    site.tools_run("first", false).await;
    site.center.vcenter.power_on("first").await.unwrap();
    site.tools_run("first", true).await;
    assert_eq!(site.ssh("ubuntu", "ls /kept").await, "/kept", "its disk is what it was");
    assert_eq!(site.host().host_key().unwrap(), key);

    site.center.vcenter.power_off("first").await.unwrap();
    site.center.vcenter.destroy("first").await.unwrap();
    site.center.is_empty().await.unwrap();
    site.make("second").await;
    site.tools_run("second", true).await;
    assert_eq!(
        site.ssh("ubuntu", "hostname; ls /kept").await,
        "second",
        "another machine, an empty disk"
    );
    assert_ne!(site.host().host_key().unwrap(), key);
}
