//! What can go wrong with a host.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acceptance_tests::hosts::User;

use super::{answers, hosts};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn link_can_be_cut_and_slow() {
    let Some(hosts) = hosts(2).await else { return };
    let host = &hosts[0];
    host.disconnect().unwrap();
    assert!(!answers(host).await);
    assert!(answers(&hosts[1]).await);
    host.reboot().await.unwrap();
    assert!(!answers(host).await, "a cut cable stays cut");
    host.connect().unwrap();
    assert!(answers(host).await);

    let transfer = async || {
        let start = SystemTime::now();
        host.ssh(User::Root, "head -c 200000 /dev/urandom | base64")
            .await
            .unwrap();
        start.elapsed().unwrap()
    };
    host.slow_link(250).await.unwrap();
    // 270 kB at 250 kbit/s.
    assert!(transfer().await > Duration::from_secs(6));
    host.normal_link().await.unwrap();
    assert!(transfer().await < Duration::from_secs(6));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn disk_can_be_full_and_wiped() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.exec("mkdir -p /var/lib/rancher/k3s/server; echo data > /var/lib/rancher/k3s/server/db")
        .await
        .unwrap();
    host.fill_disk().unwrap();
    for directory in ["/root", "/var/lib/rancher"] {
        let full = host
            .exec(&format!("head -c 100000 /dev/zero > {directory}/more"))
            .await
            .unwrap_err()
            .to_string();
        assert!(full.contains("No space left on device"), "{full}");
    }
    host.free_disk().unwrap();
    host.exec("head -c 100000 /dev/zero > /srv/more").await.unwrap();
    host.wipe("/var/lib/rancher").await.unwrap();
    assert_eq!(host.exec("ls /var/lib/rancher").await.unwrap(), "");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn clock_is_off_for_what_runs_over_ssh_until_the_host_reboots() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.set_clock(-7200).await.unwrap();
    for (user, command) in [
        (User::Root, "date +%s"),
        (User::Guest, "date +%s"),
        (User::Admin, "sudo date +%s"),
    ] {
        let offset = offset(&host.ssh(user, command).await.unwrap());
        assert!((-7205..=-7195).contains(&offset), "{command} of {user:?}: {offset}");
    }
    host.exec("systemd-run --wait --quiet sh -c 'date +%s > /srv/service'")
        .await
        .unwrap();
    assert!(offset(&host.exec("cat /srv/service").await.unwrap()) < -7000);
    host.reboot().await.unwrap();
    let offset = offset(&host.ssh(User::Root, "date +%s").await.unwrap());
    assert!((-5..=5).contains(&offset), "{offset}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn port_can_be_taken() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.take_port(6443).await.unwrap();
    let connect = || tokio::net::TcpStream::connect((host.ip(), 6443));
    connect().await.unwrap();
    host.free_port(6443).await.unwrap();
    connect().await.unwrap_err();
}

/// How far a time in seconds is from now.
fn offset(seconds: &str) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    seconds.trim().parse::<i64>().unwrap() - i64::try_from(now).unwrap()
}
