//! The life of a cluster: one server, three, another version, another token, one fewer, none.

use terraform_provider_cht::k3s::config::Datastore;
use terraform_provider_cht::k3s::fleet::OnDestroy;
use terraform_provider_cht::k3s::marker::Phase;
use terraform_provider_cht::k3s::token::Token;

use crate::support::{Lab, NEW, Wanted, run, scope};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_is_begun_grows_is_upgraded_shrinks_and_goes() {
    let Some(lab) = Lab::start(3).await else { return };
    let wanted = Wanted::servers(&[1]);
    let steps = lab.converge(&wanted).await;
    assert_eq!(steps[0], "begin the cluster on h1 with v1.35.4+k3s1", "{steps:#?}");
    let fleet = lab.fleet(&wanted);
    let looked = fleet.look().await;
    assert!(looked.state("h1").unwrap().marker.as_ref().unwrap().creating);
    fleet.finish_creation(&looked).await.unwrap();
    assert!(lab.converge(&wanted.again()).await.is_empty(), "nothing is left to do");

    let three = Wanted::servers(&[1, 2, 3]).again();
    let steps = lab.converge(&three).await;
    let joins: Vec<&String> = steps.iter().filter(|step| step.starts_with("join")).collect();
    assert_eq!(joins.len(), 2, "{steps:#?}");
    let looked = lab.fleet(&three).look().await;
    for name in ["h1", "h2", "h3"] {
        let state = looked.state(name).unwrap();
        assert!(looked.is_healthy(name), "{name}");
        assert_eq!(looked.node(name).unwrap().voter, Some(true), "{name}");
        assert!(
            !state.cluster_init,
            "{name} would begin another cluster if it lost its disk"
        );
        let marker = state.marker.as_ref().unwrap();
        assert_eq!((marker.phase, marker.creating), (Phase::Joined, false), "{name}");
        assert_eq!(looked.node(name).unwrap().labels["tier"], "servers", "{name}");
    }
    assert!(lab.fleet(&three).drift(&looked).values().all(Vec::is_empty));

    let upgraded = Wanted { version: NEW, ..three };
    let steps = lab.converge(&upgraded).await;
    assert_eq!(steps[0], "take a snapshot of etcd on h1", "{steps:#?}");
    let upgrades = steps.iter().filter(|step| step.starts_with("upgrade")).count();
    assert_eq!((upgrades, steps.len()), (3, 4), "{steps:#?}");
    let snapshots = lab.host(1).snapshots().await.unwrap();
    assert!(
        snapshots[0].name.starts_with("cht-before-v1.36.3-k3s1"),
        "{snapshots:?}"
    );
    assert!(lab.converge(&upgraded).await.is_empty(), "nothing is left to do");

    let token = Token::generate();
    let rotated = Wanted {
        token: Some(token.clone()),
        ..upgraded
    };
    let steps = lab.converge(&rotated).await;
    assert!(steps.contains(&"change the token on h1".to_owned()), "{steps:#?}");
    let found = lab.host(3).tokens().await.unwrap().cluster.unwrap();
    assert_eq!(found.sha256(), token.sha256());
    assert!(lab.converge(&rotated).await.is_empty(), "nothing is left to do");

    let two = Wanted {
        servers: vec![2, 3],
        ..rotated
    };
    let steps = lab.converge(&two).await;
    assert!(steps.iter().any(|step| step.starts_with("take h1 out")), "{steps:#?}");
    let looked = lab.fleet(&two).look().await;
    assert!(!looked.state("h1").unwrap().has_k3s() && looked.node("h1").is_none());

    let scope = scope().await;
    let fleet = lab.fleet(&two);
    let warnings = fleet
        .tear_down(&scope, &fleet.look().await, &OnDestroy::default())
        .await;
    assert!(warnings.unwrap().is_empty());
    let looked = lab.fleet(&two).look().await;
    for name in ["h1", "h2", "h3"] {
        let state = looked.state(name).unwrap();
        assert!(!state.has_k3s() && state.marker.is_none(), "{name}");
    }
    let (result, steps) = run(&lab.fleet(&two)).await;
    let fleet = lab.fleet(&two);
    let refused = fleet.diagnose(result.unwrap_err()).to_string();
    assert!(refused.contains("no server has its data any more"), "{refused}");
    assert!(
        steps.is_empty(),
        "a cluster that was there is not begun again: {steps:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_single_server_gets_etcd_is_joined_and_gives_way_to_the_other() {
    let Some(lab) = Lab::start(2).await else { return };
    let one = Wanted {
        datastore: Datastore::Sqlite,
        ..Wanted::servers(&[1])
    };
    lab.converge(&one).await;
    let etcd = Wanted {
        datastore: Datastore::Etcd,
        ..one.again()
    };
    let steps = lab.converge(&etcd).await;
    assert_eq!(steps[0], "move the datastore of h1 from SQLite to etcd", "{steps:#?}");
    assert!(lab.converge(&etcd).await.is_empty(), "nothing is left to do");

    let two = Wanted {
        servers: vec![1, 2],
        ..etcd
    };
    let cut = |verb| format!("ip route {verb} blackhole {}/32", lab.hosts[0].ip());
    lab.hosts[1].exec(&cut("add")).await.unwrap();
    let fleet = lab.fleet(&two);
    let (result, _) = run(&fleet).await;
    let said = fleet.diagnose(result.unwrap_err()).to_string();
    let etcd_port = format!("{}:2380", lab.hosts[0].ip());
    assert!(
        said.contains("H2 does not reach") && said.contains(&etcd_port),
        "{said}"
    );
    assert_eq!(
        fleet.look().await.state("h2").unwrap().marker,
        None,
        "nothing was changed there"
    );
    lab.hosts[1].exec(&cut("delete")).await.unwrap();
    lab.converge(&two).await;

    let named = Wanted {
        provider_ids: Some("lab://h"),
        ..two
    };
    let steps = lab.converge(&named).await;
    assert_eq!(
        steps.iter().filter(|step| step.contains("to register it anew")).count(),
        2,
        "{steps:#?}"
    );
    let looked = lab.fleet(&named).look().await;
    assert_eq!(looked.node("h1").unwrap().provider_id.as_deref(), Some("lab://h1"));

    let other = Wanted {
        servers: vec![2],
        ..named
    };
    let steps = lab.converge(&other).await;
    assert!(
        steps.contains(&"take h1 out of the cluster through h2".to_owned()),
        "{steps:#?}"
    );
    assert!(lab.converge(&other).await.is_empty(), "nothing is left to do");
    let keep = OnDestroy {
        keep_snapshots: true,
        ..OnDestroy::default()
    };
    let fleet = lab.fleet(&other);
    let torn_down = fleet.tear_down(&scope().await, &fleet.look().await, &keep).await;
    torn_down.unwrap();
    let kept = lab.hosts[1]
        .exec("ls /var/lib/rancher/k3s/server/db/snapshots")
        .await
        .unwrap();
    assert!(kept.contains("cht-before"), "{kept}");
}
