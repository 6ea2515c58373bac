//! Guests: what they make of their metadata, and how they behave.

use acceptance_tests::cluster::wait;
use acceptance_tests::vcenter::{Guest, GuestState, VCenter};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::soap::extra;
use super::{LIMIT, vcenter};

/// Netplan by the name of the card, packed with gzip: the address is 10.10.0.21/24, the name `packed`.
const PACKED: &str = "H4sIAAAAAAACAy3MwQqDMBAE0Hu+YvAo1MbQ0/6KeFiShYiaSDbYQ+m/N0VhDjM8mC173h4xa028C+Fgv0owSeo7l5UMcErRJSeC\
     a0NqlNJQ/wIswV4F2Ln6SPhcN50k7bvvbRxCEVVRwjTaocUObny612x+XV9564AAAAA=";

/// Waits until the guest of a machine is so.
async fn guest(vcenter: &VCenter, name: &str, is_so: impl Fn(&GuestState) -> bool) -> GuestState {
    let shown = wait::until("the guest", LIMIT, async || {
        let guest = vcenter.machine(name).await.map_err(|error| error.to_string())?.guest;
        if is_so(&guest) {
            Ok(guest)
        } else {
            Err(format!("{guest:?}"))
        }
    });
    shown.await.unwrap()
}

fn metadata(text: &str, encoding: &str) -> String {
    extra("guestinfo.metadata", text) + &extra("guestinfo.metadata.encoding", encoding)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_guest_shows_the_name_and_the_addresses_of_its_metadata() {
    let (vcenter, soap) = vcenter().await;
    soap.clone_template("packed", &metadata(PACKED, "gzip+base64"), true)
        .await;
    let shown = guest(&vcenter, "packed", |guest| guest.tools_running).await;
    assert_eq!(
        (shown.host_name.as_str(), shown.ip_address.as_str()),
        ("packed", "10.10.0.21")
    );
    assert!(
        shown.metadata.starts_with("local-hostname: packed"),
        "{}",
        shown.metadata
    );

    // By the address of the card, which the clone has before it is on.
    let id = soap.clone_template("node", "", false).await;
    let mac = vcenter.machine("node").await.unwrap().nics[0]
        .mac_address
        .to_uppercase();
    let card = |mac: &str| {
        let text = format!(
            r#"{{"local-hostname": "node", "network": {{"version": 2, "ethernets": {{"id0":
               {{"match": {{"macaddress": "{mac}"}}, "dhcp4": true, "addresses": ["10.0.0.9/16", "fd00::9/64"]}}}}}}}}"#
        );
        metadata(&BASE64_STANDARD.encode(text), "base64") + &extra("guestinfo.userdata", "#cloud-config\nusers: []\n")
    };
    let arguments = format!("<spec>{}</spec>", card(&mac));
    assert_eq!(soap.task("ReconfigVM_Task", &id, &arguments).await.fault, "");
    assert_eq!(soap.task("PowerOnVM_Task", &id, "").await.fault, "");
    let shown = guest(&vcenter, "node", |guest| guest.tools_running).await;
    assert_eq!(shown.ip_addresses[..2], ["10.0.0.9", "fd00::9"]);
    assert!(shown.ip_addresses[2].starts_with("10."), "also by DHCP");
    assert_eq!(
        (shown.userdata.as_str(), shown.error.as_str()),
        ("#cloud-config\nusers: []\n", "")
    );
    let address = soap.property("VirtualMachine", &id, "summary.guest.ipAddress").await;
    assert_eq!(address.between("val"), "10.0.0.9");

    vcenter.power_off("node").await.unwrap();
    let shown = guest(&vcenter, "node", |guest| !guest.tools_running).await;
    assert_eq!((shown.ip_address.as_str(), shown.ip_addresses.len()), ("", 0));

    // What is said of another card is said of none.
    let arguments = format!("<spec>{}</spec>", card("00:50:56:00:00:01"));
    assert_eq!(soap.task("ReconfigVM_Task", &id, &arguments).await.fault, "");
    vcenter.power_on("node").await.unwrap();
    let shown = guest(&vcenter, "node", |guest| guest.tools_running).await;
    assert_eq!((shown.host_name.as_str(), shown.ip_addresses.len()), ("node", 0));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_guest_without_metadata_asks_dhcp_and_one_that_cannot_read_it_has_no_address() {
    let (vcenter, soap) = vcenter().await;
    soap.clone_template("plain", "", true).await;
    let shown = guest(&vcenter, "plain", |guest| guest.tools_running).await;
    assert!(shown.ip_address.starts_with("10."));
    for (name, config, said) in [
        ("coded", metadata("{a: b}", "base64"), "metadata: illegal base64"),
        ("packed", metadata("YWJj", "gz+b64"), "metadata: "),
        ("text", extra("guestinfo.metadata", "a: b: c"), "metadata: yaml"),
        (
            "address",
            extra(
                "guestinfo.metadata",
                "network: {version: 2, ethernets: {eth0: {addresses: [10.0.0.1]}}}",
            ),
            "metadata: eth0: ",
        ),
        (
            "user",
            extra("guestinfo.userdata", "users: []"),
            "userdata: neither #cloud-config",
        ),
    ] {
        soap.clone_template(name, &config, true).await;
        let shown = guest(&vcenter, name, |guest| guest.tools_running).await;
        assert!(shown.error.starts_with(said), "{name}: {}", shown.error);
        assert_eq!((shown.ip_address.as_str(), shown.ip_addresses.len()), ("", 0), "{name}");
    }
    soap.clone_template("set", &extra("SET.guest.ipAddress", "10.1.2.3"), true)
        .await;
    let shown = guest(&vcenter, "set", |guest| guest.tools_running).await;
    assert_eq!(shown.ip_address, "10.1.2.3");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_guest_writes_its_address_and_takes_out_what_is_to_be_redacted() {
    let (vcenter, soap) = vcenter().await;
    let config = extra("guestinfo.metadata", "{local-hostname: node, redact: [userdata]}")
        + &extra(
            "guestinfo.userdata",
            &BASE64_STANDARD.encode("#cloud-config\nusers: []\n"),
        )
        + &extra("guestinfo.userdata.encoding", "base64");
    soap.clone_template("node", &config, true).await;
    let shown = guest(&vcenter, "node", |guest| guest.tools_running).await;
    assert_eq!(shown.userdata, "#cloud-config\nusers: []\n");
    let written = vcenter.machine("node").await.unwrap().extra_config;
    assert_eq!(written["guestinfo.local-ipv4"], shown.ip_address);
    assert_eq!(
        (
            &*written["guestinfo.userdata"],
            &*written["guestinfo.userdata.encoding"]
        ),
        ("---", " ")
    );

    vcenter.power_off("node").await.unwrap();
    guest(&vcenter, "node", |guest| !guest.tools_running).await;
    vcenter.power_on("node").await.unwrap();
    let shown = guest(&vcenter, "node", |guest| guest.tools_running).await;
    assert_eq!((shown.host_name.as_str(), shown.error.as_str()), ("node", ""));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_guest_is_silent_or_deaf_for_as_long_as_it_is_told_to() {
    let (vcenter, soap) = vcenter().await;
    vcenter.guest("node", Guest::Silent).await.unwrap();
    let id = soap.clone_template("node", "", true).await;
    let shutdown = format!("<ShutdownGuest><_this type='VirtualMachine'>{id}</_this></ShutdownGuest>");
    assert_eq!(soap.call(&shutdown).await.fault(), "ToolsUnavailable");
    // When it is said again, all guests are looked at again.
    vcenter.guest("node", Guest::Silent).await.unwrap();
    let shown = vcenter.machine("node").await.unwrap().guest;
    assert!(!shown.tools_running && shown.ip_address.is_empty());

    vcenter.guest("node", Guest::Deaf).await.unwrap();
    guest(&vcenter, "node", |guest| {
        guest.tools_running && !guest.ip_address.is_empty()
    })
    .await;
    soap.call(&shutdown).await.done();
    assert_eq!(vcenter.machine("node").await.unwrap().power, "poweredOn");

    vcenter.guest("node", Guest::Answers).await.unwrap();
    soap.call(&shutdown).await.done();
    guest(&vcenter, "node", |guest| !guest.tools_running).await;
    assert_eq!(vcenter.machine("node").await.unwrap().power, "poweredOff");

    vcenter.guests(Guest::Silent).await.unwrap();
    soap.clone_template("other", "", true).await;
    vcenter.guests(Guest::Silent).await.unwrap();
    assert!(!vcenter.machine("other").await.unwrap().guest.tools_running);
}
