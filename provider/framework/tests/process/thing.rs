//! The test's provider, and the things that it makes.

use std::collections::BTreeMap;
use std::path::Path;

use tf_framework::types::Type;
use tf_framework::value::Value;
use tf_framework::wire::msgpack;
use tfplugin::tfplugin6::{DynamicValue, apply_resource_change};
use tokio::process::Command;

use crate::go_plugin::ClientCertificate;
use crate::running::{Running, piped};

/// Where `tests/process/test_provider.rs` is.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_test-provider");

/// A command that runs it.
pub(crate) fn test_provider() -> Command {
    piped(PROGRAM)
}

/// Starts the command as a core does, and configures the provider.
pub(crate) async fn start(command: Command, tmp: &Path) -> Running {
    let running = Running::start(command, tmp).await;
    running.configure(configuration()).await;
    running
}

/// Starts the command with that environment, for the client with that certificate, and configures the provider.
pub(crate) async fn start_in(
    command: Command,
    environment: BTreeMap<&'static str, String>,
    client: Option<&ClientCertificate>,
) -> Running {
    let running = Running::start_in(command, environment, client).await;
    running.configure(configuration()).await;
    running
}

/// There is nothing to configure.
fn configuration() -> DynamicValue {
    encoded(&Value::object::<String>([]), &Type::Object([].into()))
}

/// The creation of a thing that behaves like that, as it was planned.
pub(crate) fn creation(behavior: &str) -> apply_resource_change::Request {
    let thing = |id| {
        encoded(
            &Value::object([("behavior", behavior.into()), ("id", id)]),
            &thing_type(),
        )
    };
    apply_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: Some(encoded(&Value::Null, &thing_type())),
        planned_state: Some(thing(Value::UNKNOWN)),
        config: Some(thing(Value::Null)),
        ..Default::default()
    }
}

/// The id in the state of an answer.
pub(crate) fn id_of(answer: &apply_resource_change::Response) -> Value {
    let state = &answer.new_state.as_ref().unwrap().msgpack;
    let state = msgpack::decode(state, &thing_type()).unwrap();
    state.attribute_or_null("id").clone()
}

fn thing_type() -> Type {
    Type::from_json(br#"["object",{"behavior":"string","id":"string"}]"#).unwrap()
}

fn encoded(value: &Value, of: &Type) -> DynamicValue {
    DynamicValue {
        msgpack: msgpack::encode(value, of).unwrap().into(),
        ..Default::default()
    }
}
