//! The life of an ephemeral resource: opened, renewed, closed, and never forgotten in between.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tf_framework::context::Scope;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::ephemeral::{EphemeralResource, Opened, Renewed};
use tf_framework::model::Dynamic;
use tf_framework::types::Type;
use tf_framework::value::Value;
use tf_framework::wire::form::WireForm;
use tf_framework::wire::msgpack;
use tf_framework::{Attr, Model};
use tfplugin::tfplugin6 as proto;
use tokio::time::Instant;

use crate::client::{connect_configured, encoded, text};
use crate::thing::Clients;
use crate::world::{Step, World};

/// A pass to a thing.
#[derive(Model)]
pub(crate) struct PassModel {
    /// Whose pass it is.
    name: String,
    /// For how many hours it is good.
    #[tf(default = 1)]
    hours: i64,
    /// Where it is good, in whatever terms.
    #[tf(block)]
    gate: Vec<GateModel>,
    /// The pass.
    token: Attr<SecretString>,
}

/// A gate.
#[derive(Model)]
pub(crate) struct GateModel {
    /// What it is known by.
    by: Dynamic,
}

/// What is kept to renew and close a pass.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    name: String,
    renewals: u32,
}

pub(crate) struct Pass(pub(crate) Arc<World>);

impl EphemeralResource for Pass {
    type Model = PassModel;
    type Clients = Clients;
    type Private = Ticket;

    const TYPE_NAME: &'static str = "test_pass";

    fn validate(&self, config: &PassModelDraft, diagnostics: &mut Diagnostics) {
        if config.name.known().is_some_and(|name| name == "nobody") {
            diagnostics.push(Diagnostic::error("Nobody there", "It must be somebody.").at("name"));
        }
    }

    async fn open(&self, scope: &Scope<Clients>, mut config: PassModel) -> Result<Opened<Self>, Diagnostics> {
        self.0.log(format!("open for {} h", config.hours));
        config.token = match config.name.as_str() {
            "undecided" => Attr::Unknown,
            name => Attr::Known(format!("pass-of-{name}").into()),
        };
        for step in self.0.steps("open") {
            match step {
                Step::Tolerate(steps) => {
                    for step in steps {
                        self.0.play_simple(scope, *step).await.unwrap_err();
                    }
                }
                step => self.0.play_simple(scope, step).await?,
            }
        }
        let private = Ticket {
            name: config.name.clone(),
            renewals: 0,
        };
        Ok(Opened {
            result: config,
            renew_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(3600)),
            private,
        })
    }

    async fn renew(&self, scope: &Scope<Clients>, private: Ticket) -> Result<Renewed<Self>, Diagnostics> {
        let renewals = private.renewals + 1;
        self.0.log(format!("renew {} for the {renewals}. time", private.name));
        for step in self.0.steps("renew") {
            self.0.play_simple(scope, step).await?;
        }
        Ok(Renewed {
            renew_at: None,
            private: Ticket { renewals, ..private },
        })
    }

    async fn close(&self, scope: &Scope<Clients>, private: Ticket) -> Result<(), Diagnostics> {
        for step in self.0.steps("close") {
            self.0.play_simple(scope, step).await?;
        }
        self.0
            .log(format!("close {} after {} renewals", private.name, private.renewals));
        Ok(())
    }
}

fn world(operation: &'static str, steps: &[Step]) -> Arc<World> {
    let world = Arc::new(World::default());
    world.script(operation, steps);
    world
}

fn type_name() -> String {
    Pass::TYPE_NAME.to_owned()
}

fn opening(name: &str) -> proto::open_ephemeral_resource::Request {
    proto::open_ephemeral_resource::Request {
        type_name: type_name(),
        config: encoded(&json!({ "name": name, "hours": null, "token": null, "gate": gates() })),
        ..Default::default()
    }
}

/// Two gates that are not known by the same, so that the core has a type for each.
fn gates() -> Json {
    json!({
        "type": ["tuple", [["object", { "by": "string" }], ["object", { "by": "number" }]]],
        "value": [{ "by": "north" }, { "by": 2 }],
    })
}

fn renewal(private: &[u8]) -> proto::renew_ephemeral_resource::Request {
    proto::renew_ephemeral_resource::Request {
        type_name: type_name(),
        private: Some(private.to_vec().into()),
    }
}

fn closing(private: &[u8]) -> proto::close_ephemeral_resource::Request {
    proto::close_ephemeral_resource::Request {
        type_name: type_name(),
        private: Some(private.to_vec().into()),
    }
}

fn result(answer: &proto::open_ephemeral_resource::Response) -> Value {
    let encoded = answer.result.as_ref().unwrap();
    let schema = PassModel::schema();
    schema.lift(msgpack::decode(&encoded.msgpack, &schema.wire_type()).unwrap())
}

const TICKET: &[u8] = br#"{"name":"a","renewals":2}"#;

#[tokio::test]
async fn a_pass_is_opened_renewed_and_closed_with_what_is_kept_for_that() {
    let world = Arc::<World>::default();
    let mut client = connect_configured(&world).await;
    let opened = client.open_ephemeral_resource(opening("a")).await.unwrap().into_inner();
    assert_eq!(opened.diagnostics, []);
    assert_eq!(result(&opened).attribute_or_null("token"), &"pass-of-a".into());
    assert_eq!(result(&opened).attribute_or_null("hours"), &1.into());
    let Value::List(gates) = result(&opened).attribute_or_null("gate").clone() else {
        panic!("there are no gates")
    };
    let by = gates[1].attribute_or_null("by");
    assert_eq!(by, &Value::Dynamic(Box::new((Type::Number, 2.into()))));
    assert_eq!(opened.renew_at.unwrap().seconds, 3600);
    assert_eq!(opened.deferred, None);
    let renewed = client.renew_ephemeral_resource(renewal(opened.private())).await;
    let renewed = renewed.unwrap().into_inner();
    assert_eq!((renewed.renew_at, renewed.diagnostics.len()), (None, 0));
    let closed = client.close_ephemeral_resource(closing(renewed.private())).await;
    assert_eq!(closed.unwrap().into_inner().diagnostics, []);
    assert_eq!(
        world.take_log(),
        ["open for 1 h", "renew a for the 1. time", "close a after 1 renewals"]
    );
}

#[tokio::test]
async fn schemas_and_names_of_ephemeral_resources_are_listed() {
    let mut client = connect_configured(&Arc::default()).await;
    let schemas = client.get_provider_schema(proto::get_provider_schema::Request {}).await;
    let schemas = schemas.unwrap().into_inner();
    let block = schemas.ephemeral_resource_schemas["test_pass"].block.as_ref().unwrap();
    assert!(block.attributes.iter().any(|one| one.name == "token" && one.sensitive));
    let metadata = client.get_metadata(proto::get_metadata::Request {}).await.unwrap();
    assert_eq!(metadata.into_inner().ephemeral_resources[0].type_name, "test_pass");
}

#[tokio::test]
async fn configurations_are_checked_by_the_schema_and_by_the_author() {
    let mut client = connect_configured(&Arc::default()).await;
    for (config, summary) in [
        (
            json!({ "name": null, "hours": null, "token": null, "gate": null }),
            "Missing required attribute",
        ),
        (
            json!({ "name": "a", "hours": null, "token": "t", "gate": null }),
            "Read-only attribute",
        ),
        (
            json!({ "name": "nobody", "hours": null, "token": null, "gate": null }),
            "Nobody there",
        ),
    ] {
        let request = proto::validate_ephemeral_resource_config::Request {
            type_name: type_name(),
            config: encoded(&config),
        };
        let answer = client.validate_ephemeral_resource_config(request).await;
        let diagnostics = answer.unwrap().into_inner().diagnostics;
        assert_eq!(diagnostics.len(), 1, "{}", text(&diagnostics));
        assert_eq!(diagnostics[0].summary, summary);
    }
}

#[tokio::test]
async fn what_a_core_could_not_use_is_closed_again() {
    let world = Arc::<World>::default();
    let mut client = connect_configured(&world).await;
    let opened = client.open_ephemeral_resource(opening("undecided")).await;
    let opened = opened.unwrap().into_inner();
    assert!(text(&opened.diagnostics).contains("left attributes unknown"));
    assert!(result(&opened).is_null());
    assert_eq!(opened.private, None);
    assert_eq!(world.take_log(), ["open for 1 h", "close undecided after 0 renewals"]);
}

#[tokio::test]
async fn failures_warnings_and_panics_are_told() {
    let world = Arc::<World>::default();
    let mut client = connect_configured(&world).await;
    let cases = [
        (Step::Warn, "Odd thing"),
        (Step::Fail, "Unable to do it"),
        (Step::FailWithoutSayingWhy, "without saying why"),
        (Step::Panic, "panicked: a defect"),
    ];
    for (step, expected) in cases {
        for operation in ["open", "renew", "close"] {
            world.script(operation, &[step]);
        }
        let opened = client.open_ephemeral_resource(opening("a")).await.unwrap().into_inner();
        let renewed = client
            .renew_ephemeral_resource(renewal(TICKET))
            .await
            .unwrap()
            .into_inner();
        let closed = client
            .close_ephemeral_resource(closing(TICKET))
            .await
            .unwrap()
            .into_inner();
        for diagnostics in [opened.diagnostics, renewed.diagnostics.clone(), closed.diagnostics] {
            assert!(text(&diagnostics).contains(expected), "{}", text(&diagnostics));
        }
        if !matches!(step, Step::Warn) {
            // What could not be renewed can still be closed.
            assert_eq!(renewed.private(), TICKET);
        }
    }
}

#[tokio::test]
async fn what_the_core_kept_is_never_quoted() {
    let mut client = connect_configured(&Arc::default()).await;
    for private in [&b""[..], b"hunter2", br#"{"name":"hunter2"}"#] {
        let answer = client.close_ephemeral_resource(closing(private)).await.unwrap();
        let told = text(&answer.into_inner().diagnostics);
        assert!(
            told.contains("not what test_pass keeps") && !told.contains("hunter2"),
            "{told}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn stop_provider_ends_an_opening_but_no_closing() {
    let world = world("open", &[Step::Arrive, Step::WaitInVain]);
    let mut client = connect_configured(&world).await;
    let mut other = client.clone();
    let opening = {
        let mut client = client.clone();
        tokio::spawn(async move { client.open_ephemeral_resource(opening("a")).await })
    };
    world.arrival().await;
    other.stop_provider(proto::stop_provider::Request {}).await.unwrap();
    let told = text(&opening.await.unwrap().unwrap().into_inner().diagnostics);
    assert!(told.contains("cancelled while waiting for the thing"), "{told}");
    // The closing is under way when the run is interrupted, and still ends by its own means.
    world.script("close", &[Step::Arrive, Step::WaitInVain]);
    let closing = tokio::spawn(async move { client.close_ephemeral_resource(closing(TICKET)).await });
    world.arrival().await;
    other.stop_provider(proto::stop_provider::Request {}).await.unwrap();
    let told = text(&closing.await.unwrap().unwrap().into_inner().diagnostics);
    assert!(told.contains("Timed out") && !told.contains("timeouts."), "{told}");
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_for_nobody_is_closed_again() {
    // The opening hears of it, and comes to an end all the same.
    let world = world("open", &[Step::Arrive, Step::Tolerate(&[Step::WaitInVain])]);
    world.script("close", &[Step::Arrive]);
    let mut client = connect_configured(&world).await;
    let began = Instant::now();
    let opening = tokio::spawn(async move { client.open_ephemeral_resource(opening("a")).await });
    world.arrival().await;
    opening.abort();
    world.arrival().await;
    tokio::task::yield_now().await;
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(world.take_log(), ["open for 1 h", "close a after 0 renewals"]);
}

#[tokio::test]
async fn an_unknown_type_is_told_with_its_name() {
    let mut client = connect_configured(&Arc::default()).await;
    let request = proto::open_ephemeral_resource::Request {
        type_name: "test_nothing".to_owned(),
        ..Default::default()
    };
    let answer = client.open_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(text(&answer.diagnostics).contains("test_nothing"));
}
