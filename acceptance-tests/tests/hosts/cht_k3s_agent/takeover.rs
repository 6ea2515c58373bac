//! An agent that k3s' own script has set up becomes one of this provider's, wherever it has its data.

use crate::support::{Configuration, Scene, condition, done};

/// The agent in the configurations here.
const AGENT: &str = "cht_k3s_agent.h2";

/// Where agents have their data that were told so.
const DATA: &str = "/srv/k3s";

/// Makes of an agent of this provider what the script would have made: all that it is told stands in the environment of
/// its unit.
const AS_THE_SCRIPT: &str = r#"
set -e
token=$(cat /etc/rancher/k3s/token)
server=$(sed -n 's/^server:[[:space:]]*//p' /etc/rancher/k3s/config.yaml | tr -d "\"'")
systemctl stop k3s-agent
rm -r /etc/rancher/k3s
cat > /etc/systemd/system/k3s-agent.service.env <<END
K3S_TOKEN='$token'
K3S_URL='$server'
END
chmod 0600 /etc/systemd/system/k3s-agent.service.env
cat > /etc/systemd/system/k3s-agent.service <<'END'
[Unit]
Description=Lightweight Kubernetes

[Service]
Type=notify
EnvironmentFile=-/etc/systemd/system/k3s-agent.service.env
KillMode=process
Delegate=yes
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=/usr/local/bin/k3s \
    agent ARGUMENTS

[Install]
WantedBy=multi-user.target
END
for name in killall agent-uninstall; do
  printf '#!/bin/sh\n' > /usr/local/bin/k3s-$name.sh
  chmod 0755 /usr/local/bin/k3s-$name.sh
done
ln -s k3s /usr/local/bin/kubectl
systemctl daemon-reload
systemctl start k3s-agent
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_agent_of_the_official_script_is_imported_and_taken_over_in_place() {
    let Some(scene) = Scene::new(2).await else { return };
    let configuration = Configuration::new([1]).agents([2]);
    becomes_others(&scene, &configuration, "").await;
    is_taken_over(&scene, &configuration).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_agent_of_the_official_script_keeps_its_data_in_a_folder_of_its_own() {
    let Some(scene) = Scene::new(2).await else { return };
    let elsewhere = Configuration::new([1]).agents([2]);
    let configuration = elsewhere.clone().with_agents(&format!("data_dir = {DATA:?}"));
    becomes_others(&scene, &configuration, &format!("'--data-dir={DATA}'")).await;
    assert_eq!(scene.state(AGENT).await["data_dir"], DATA);
    scene.configure(&elsewhere);
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Agent has its data elsewhere", "{refused:#?}");
    scene.configure(&configuration);
    is_taken_over(&scene, &configuration).await;
    let left = scene.run(2, &format!("ls -A {DATA} 2> /dev/null; true")).await;
    assert_eq!(left, "", "h2 has data left");
}

/// Makes an agent, as the script would have done with these arguments, and imports it.
async fn becomes_others(scene: &Scene, configuration: &Configuration, arguments: &str) {
    scene.configure(configuration);
    scene.apply().await;
    done("state rm", scene.workspace.state_rm(AGENT).await);
    scene.run(2, &AS_THE_SCRIPT.replace("ARGUMENTS", arguments)).await;
    let refused = scene.apply_fails().await;
    assert!(refused.detail.contains("import"), "{refused:#?}");
    let id = format!("h2@{}", scene.host(2).ip());
    done("import", scene.workspace.import(AGENT, &id).await);
}

/// Applies what was imported, and takes it away again.
async fn is_taken_over(scene: &Scene, configuration: &Configuration) {
    let node = scene.node(1, "h2").await.expect("the node is there");
    let plan = scene.plan().await;
    assert_eq!(plan.actions(AGENT), ["update"], "{:#?}", plan.change(AGENT));
    scene.apply().await;
    scene.is_settled_after("taken over").await;

    let after = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(node.metadata.uid, after.metadata.uid, "the node is the same");
    assert_eq!(condition(&after, "Ready").as_deref(), Some("True"));
    let environment = scene
        .run(2, "cat /etc/systemd/system/k3s-agent.service.env 2> /dev/null; true")
        .await;
    assert_eq!(environment, "", "nothing is told in two places");
    scene.configure(&configuration.clone().agents([]));
    scene.apply().await;
    scene.is_clean(2).await;
    scene.destroy().await;
}
