//! What a change of the version makes obsolete, and what only some versions have.

use crate::support::{ACCOUNT, ADDRESS, BINDING, DEPLOYMENT, ROLE, SERVICE, Scene, blames};

const NOTHING: [&str; 0] = [];

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_new_major_version_brings_the_search_index_and_takes_the_upgrade_service_away() {
    let scene = Scene::new("major").await;
    let four = scene.instance().with("cht_version = \"4.22.0\"");
    scene.configure(&four.clone().with("upgrade_service = {}")).await;
    scene.apply().await;
    assert!(scene.owned(&DEPLOYMENT).await.contains(&"upgrade-service".to_owned()));
    assert_eq!(scene.owned(&ROLE).await, ["deployment-manager"]);
    assert_eq!(scene.owned(&BINDING).await, ["deployment-manager-cht"]);
    assert_eq!(scene.owned(&ACCOUNT).await, ["cht-upgrade-service-user"]);
    scene.is_settled().await;

    scene.configure(&scene.instance().with("cht_version = \"5.3.1\"")).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert_eq!(
        scene.owned(&DEPLOYMENT).await,
        ["cht-api", "cht-couchdb", "cht-haproxy", "cht-sentinel"]
    );
    assert_eq!(scene.owned(&SERVICE).await, ["api", "couchdb", "haproxy", "nouveau"]);
    for kind in [&ACCOUNT, &ROLE, &BINDING] {
        assert_eq!(scene.owned(kind).await, NOTHING);
    }
    assert_eq!(scene.state().await["values"]["live_version"], "5.3.1");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_search_index_in_a_pod_of_its_own_moves_beside_couchdb() {
    let scene = Scene::new("index").await;
    scene.configure(&scene.instance().with("cht_version = \"5.0.0\"")).await;
    scene.apply().await;
    assert!(
        scene
            .owned(&DEPLOYMENT)
            .await
            .contains(&"cht-couchdb-nouveau".to_owned())
    );
    scene.is_settled().await;
    scene.configure(&scene.instance().with("cht_version = \"5.0.3\"")).await;
    scene.apply().await;
    let couchdb = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    let containers = couchdb.data["spec"]["template"]["spec"]["containers"].as_array();
    assert_eq!(containers.map(Vec::len), Some(2));
    assert!(
        !scene
            .owned(&DEPLOYMENT)
            .await
            .contains(&"cht-couchdb-nouveau".to_owned())
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_release_that_is_not_known_yet_is_warned_of() {
    let scene = Scene::new("unknown-release").await;
    scene.configure(&scene.instance().with("cht_version = \"5.9.0\"")).await;
    let plan = scene.plan().await;
    let warning = plan.diagnostics().first().expect("there is a warning");
    blames(
        warning,
        "CHT release is not known yet",
        "as for CHT 5.3",
        "cht_version = ",
    );
}
