//! Tags of machines, and those that others have given to them.

use acceptance_tests::vcenter::tags::Tagger;
use acceptance_tests::vcenter::{Fault, VCenter};
use serde_json::json;

use crate::support::done;
use crate::vsphere::{ADDRESS, Scene, Text};

const REST: &str = " /rest/com/vmware/cis/";
const SESSION: &str = "POST /rest/com/vmware/cis/session";

fn tagged(tags: &str) -> Text {
    Text::new("node-1").set("tags", tags)
}

/// The calls for tags, since requests were forgotten.
async fn calls(vcenter: &VCenter) -> Vec<String> {
    let mut methods = vcenter.methods().await.expect("the vCenter answers");
    methods.retain(|method| method.contains(REST));
    methods
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_has_the_tags_that_are_given_and_keeps_those_of_other_categories() {
    let mut scene = Scene::new().await;
    follow_the_configuration(&scene).await;

    scene.forget();
    scene.write(&tagged("{ environment = [\"production\"] }").hcl());
    done("import", scene.workspace.import(ADDRESS, "/DC0/vm/node-1").await);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(
        scene.state(ADDRESS).await["tags"],
        json!({ "environment": ["production"] })
    );
    scene.destroy().await;
}

/// Gives a machine tags, changes them, and lets others change them too.
async fn follow_the_configuration(scene: &Scene) {
    let there = "the vCenter answers";
    let mut tagger = scene.vcenter.tagger().await.expect(there);
    tagger
        .add("environment", true, &["production", "test"])
        .await
        .expect(there);
    tagger
        .add("role", false, &["server", "agent", "etcd"])
        .await
        .expect(there);
    tagger.add("backup", true, &["daily"]).await.expect(there);
    let has = async |expected: &[&str]| {
        let has: Vec<String> = tagger.tags_of("node-1").await.expect(there).into_iter().collect();
        assert_eq!(has, expected);
    };

    let first = tagged("{ environment = [\"production\"], role = [\"server\", \"etcd\"] }");
    scene.write(&first.hcl());
    scene.apply().await;
    has(&["environment/production", "role/etcd", "role/server"]).await;
    tagger.attach("node-1", "backup", "daily").await.expect(there);
    scene.is_settled().await;

    let changed = tagged("{ environment = [\"test\"], role = [\"server\"] }");
    scene.write(&changed.hcl());
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let after = &plan.change(ADDRESS).expect("a change").after;
    assert_eq!(after["power_cycle_reasons"], json!([]));
    scene.apply().await;
    scene.is_settled().await;
    has(&["backup/daily", "environment/test", "role/server"]).await;
    are_mended(scene, &tagger).await;
}

/// What others do to the categories that are named is shown and mended; those that are named no more are left alone.
async fn are_mended(scene: &Scene, tagger: &Tagger<'_>) {
    let there = "the vCenter answers";
    let has = async |expected: &[&str]| {
        let has: Vec<String> = tagger.tags_of("node-1").await.expect(there).into_iter().collect();
        assert_eq!(has, expected);
    };
    tagger.detach("node-1", "environment", "test").await.expect(there);
    tagger.attach("node-1", "role", "agent").await.expect(there);
    let plan = scene.plan().await;
    let before = &plan.change(ADDRESS).expect("a change").before["tags"];
    assert_eq!(*before, json!({ "environment": [], "role": ["agent", "server"] }));
    scene.apply().await;
    scene.is_settled().await;
    has(&["backup/daily", "environment/test", "role/server"]).await;

    let one = tagged("{ environment = [\"test\"], backup = [] }");
    scene.write(&one.hcl());
    scene.apply().await;
    scene.is_settled().await;
    has(&["environment/test"]).await;

    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    has(&[]).await;
    tagger.attach("node-1", "environment", "production").await.expect(there);
    scene.vcenter.forget_requests().await.expect(there);
    scene.is_settled().await;
    assert_eq!(
        calls(&scene.vcenter).await,
        Vec::<String>::new(),
        "nobody asks for tags"
    );
    has(&["environment/production"]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn tags_that_no_machine_can_have_are_refused_by_the_plan() {
    let scene = Scene::new().await;
    let there = "the vCenter answers";
    let mut tagger = scene.vcenter.tagger().await.expect(there);
    tagger
        .add("environment", true, &["production", "test"])
        .await
        .expect(there);
    scene.write(&tagged("{}").hcl());
    scene.apply().await;
    for name in ["node-1", "node-2"] {
        for (tags, summary, hint) in [
            (
                "{ stage = [\"test\"] }",
                "Category of tags not found",
                "There are: environment.",
            ),
            (
                "{ environment = [\"live\"] }",
                "Tag not found",
                "There are: production, test.",
            ),
            (
                "{ environment = [\"production\", \"test\"] }",
                "Too many tags of one category",
                "Choose one",
            ),
            ("{ \"\" = [] }", "Invalid value", "empty"),
        ] {
            // One that is there is refused as a new one is.
            scene.write(
                &Text::new(name)
                    .set("hostname", &format!("\"{name}\""))
                    .set("tags", tags)
                    .hcl(),
            );
            let error = scene.plan_fails().await;
            assert_eq!(error.summary, summary, "{error:?}");
            let detail = error.detail.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(detail.contains(hint), "{detail}");
            let code = error.snippet.map(|snippet| snippet.code).unwrap_or_default();
            assert!(code.contains("tags"), "{code}");
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn machines_share_the_calls_for_their_tags() {
    let scene = Scene::new().await;
    let there = "the vCenter answers";
    let mut tagger = scene.vcenter.tagger().await.expect(there);
    tagger
        .add("environment", true, &["production", "test"])
        .await
        .expect(there);
    tagger.add("backup", true, &["daily"]).await.expect(there);
    let mut asked = Vec::new();
    for count in [1, 20] {
        let machines = (0..count).map(|number| {
            let card = format!(
                "[{{ network = \"DC0_DVPG0\", addresses = [\"10.20.1.{}/24\"] }}]",
                number + 1
            );
            let machine = Text::new(&format!("node-{number}")).called(&format!("n{number}"));
            let machine = machine.set("tags", "{ environment = [\"production\"] }");
            machine.set("network_interfaces", &card).hcl()
        });
        scene.write(&machines.collect::<String>());
        scene.apply().await;
        // The first plan notes at each machine that a state has it.
        scene.is_settled().await;
        scene.vcenter.forget_requests().await.expect(there);
        scene.is_settled().await;
        asked.push(calls(&scene.vcenter).await);
    }
    assert_eq!(asked[0].len(), asked[1].len(), "{asked:?}");
    // The session, its end, the list of categories and each of them, the tags of one and their objects, a tag's name.
    assert_eq!(asked[0].len(), 8, "{asked:?}");
    let sessions = |verb: &str| {
        let method = SESSION.replace("POST", verb);
        asked[1].iter().filter(|asked| **asked == method).count()
    };
    assert_eq!((sessions("POST"), sessions("DELETE")), (1, 1));
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_session_for_tags_that_ends_is_begun_anew_and_refusals_say_what_to_do() {
    let scene = Scene::new().await;
    let there = "the vCenter answers";
    let mut tagger = scene.vcenter.tagger().await.expect(there);
    tagger.add("environment", true, &["production"]).await.expect(there);
    scene.write(&tagged("{ environment = [\"production\"] }").hcl());
    let categories = "GET /rest/com/vmware/cis/tagging/category";
    let fault = async |method: &str, fault: Fault| scene.vcenter.fault(method, fault).await.expect("it is set");

    fault(SESSION, Fault::status(404)).await;
    let error = scene.plan_fails().await;
    assert!(error.detail.contains("has no API for tags"), "{}", error.detail);
    fault(categories, Fault::status(403)).await;
    let error = scene.plan_fails().await;
    assert!(
        error.detail.contains("InventoryService.Tagging.AttachTag"),
        "{}",
        error.detail
    );
    fault(categories, Fault::status(401).times(2)).await;
    let error = scene.plan_fails().await;
    assert!(
        error.detail.contains("status 401"),
        "it is begun anew once: {}",
        error.detail
    );
    fault(categories, Fault::unavailable().times(2)).await;
    fault(categories, Fault::status(401).skip(1)).await;
    scene.vcenter.forget_requests().await.expect(there);
    scene.apply().await;
    let asked = calls(&scene.vcenter).await;
    assert_eq!(asked.iter().filter(|asked| *asked == SESSION).count(), 3, "{asked:?}");
    scene.vcenter.clear_faults().await.expect(there);
    let has = tagger.tags_of("node-1").await.expect(there);
    assert_eq!(has.into_iter().collect::<Vec<_>>(), ["environment/production"]);
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_session_for_tags_is_in_no_log() {
    let mut scene = Scene::new().await;
    let there = "the vCenter answers";
    {
        let mut tagger = scene.vcenter.tagger().await.expect(there);
        tagger.add("environment", true, &["production"]).await.expect(there);
    }
    scene.vcenter.forget_requests().await.expect(there);
    scene.workspace.enable_trace();
    scene.write(&tagged("{ environment = [\"production\"] }").hcl());
    scene.apply().await;
    let requests = scene.vcenter.requests().await.expect(there);
    let mut sessions: Vec<String> = requests.into_iter().map(|request| request.session).collect();
    sessions.retain(|session| !session.is_empty());
    sessions.dedup();
    let trace = scene.workspace.trace().expect("a log");
    assert!(!sessions.is_empty() && trace.contains("session for tags begun"));
    for session in sessions {
        assert!(!trace.contains(&session), "a session is in the log");
    }
    scene.destroy().await;
}
