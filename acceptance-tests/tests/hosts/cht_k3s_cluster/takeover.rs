//! Servers that k3s' own script has set up become those of this provider, wherever they have their data.

use std::fs;

use acceptance_tests::hosts::{SHARED, shared_directory};
use serde_json::json;

use crate::support::{CLUSTER, Configuration, Scene, condition, done, eventually};

/// Where the servers have their data.
const DATA: &str = "/srv/k3s";

/// Does what the script does, once the program is in place: all that k3s is told stands in its unit and beside it.
async fn set_up(scene: &Scene, number: usize, arguments: &str) {
    let program = scene.lab.release(scene.lab.first_version()).expect("a release").path;
    let name = format!("script-{}", scene.host(number).name());
    let shared = shared_directory().expect("a directory").join(&name);
    fs::copy(program, &shared).expect("the program is handed over");
    let script = format!(
        r#"set -e
install -m 755 {SHARED}/{name} /usr/local/bin/k3s
printf "K3S_TOKEN='secret'\n" > /etc/systemd/system/k3s.service.env
chmod 0600 /etc/systemd/system/k3s.service.env
cat > /etc/systemd/system/k3s.service <<'END'
[Unit]
Description=Lightweight Kubernetes
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=notify
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
Delegate=yes
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=/usr/local/bin/k3s \
    server \
{arguments}
END
systemctl daemon-reload
systemctl enable --quiet k3s
systemctl start --no-block k3s"#
    );
    scene.run(number, &script).await;
    fs::remove_file(shared).expect("it was there");
    let name = scene.host(number).name().to_owned();
    let ready = async || {
        let said = format!("/usr/local/bin/k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml get node {name}");
        let said = scene
            .host(number)
            .exec(&said)
            .await
            .map_err(|error| error.to_string())?;
        match said.contains(" Ready ") {
            true => Ok(()),
            false => Err(said),
        }
    };
    eventually("the node", ready).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn servers_of_the_official_script_with_a_folder_of_their_own_are_imported_and_taken_over_in_place() {
    let Some(scene) = Scene::new(3).await else { return };
    let folder = format!("    '--data-dir={DATA}' \\\n");
    set_up(&scene, 1, &format!("{folder}    '--cluster-init' \\\n")).await;
    let first = format!("    '--server' \\\n    'https://{}:6443' \\\n", scene.host(1).ip());
    set_up(&scene, 2, &format!("{folder}{first}")).await;
    let uid = |node: Option<k8s_openapi::api::core::v1::Node>| node.and_then(|node| node.metadata.uid);
    let before = uid(scene.node(1, "h2").await);

    let configuration = Configuration::new([1, 2]).with(&format!("data_dir = {DATA:?}"));
    scene.configure(&configuration);
    let address = scene.host(1).ip().to_string();
    done("import", scene.workspace.import(CLUSTER, &address).await);
    let imported = scene.state(CLUSTER).await;
    assert_eq!(imported["data_dir"], DATA);
    assert_eq!(imported["server_token"], "secret");
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"], "{:#?}", plan.change(CLUSTER));
    scene.apply().await;
    scene.is_settled_after("taken over").await;
    let state = scene.state(CLUSTER).await;
    assert_eq!(state["id"], imported["id"]);
    for name in ["h1", "h2"] {
        let node = scene.node(1, name).await.expect("the node is there");
        assert_eq!(condition(&node, "Ready").as_deref(), Some("True"), "{name}");
        assert_eq!(state["status"][name]["voter"], json!(true), "{name}");
    }
    assert_eq!(uid(scene.node(1, "h2").await), before, "the node is the same");

    // Agents that joined with the token of servers go on to do so: another one would be fatal at the start after the
    // next.
    let join = state["join"]["token"].as_str().unwrap_or_default();
    assert!(join.ends_with("::node:secret"), "agents have another token");
    scene.start_again(&[1, 2]).await;

    // Then they get one of their own.
    let lines = format!("data_dir = {DATA:?}\ntoken_version = 1\nagent_token_version = 1");
    scene.configure(&Configuration::new([1, 2]).agents([3]).with(&lines));
    scene.apply().await;
    scene.is_settled_after("a token of agents").await;
    let join = scene.state(CLUSTER).await["join"]["token"].to_string();
    assert!(!join.contains("::node:secret"), "agents still have that of servers");
    scene.destroy().await;
    for number in [1, 2] {
        scene.is_clean(number).await;
        let left = scene.run(number, &format!("ls -A {DATA} 2> /dev/null; true")).await;
        assert_eq!(left, "", "h{number} has data left");
    }
}
