//! Functions: what arguments they get, and what becomes of their results and errors.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tf_framework::function::Function;
use tf_framework::model::AttributeType;
use tf_framework::value::Value;
use tf_framework::wire::msgpack;
use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;

use crate::client::{connect, encoded};
use crate::functions::samples::{Describe, Join, Misbehave, OrElse};
use crate::world::World;

mod samples;

pub(crate) use samples::all;

async fn call(name: &str, arguments: Vec<Option<proto::DynamicValue>>) -> proto::call_function::Response {
    // Never configured: a function works in `validate` and `console` as well.
    let mut client = connect(&Arc::<World>::default(), &CancellationToken::new());
    let request = proto::call_function::Request {
        name: name.to_owned(),
        arguments: arguments.into_iter().map(Option::unwrap_or_default).collect(),
    };
    client.call_function(request).await.unwrap().into_inner()
}

async fn call_json(name: &str, arguments: &[Json]) -> proto::call_function::Response {
    call(name, arguments.iter().map(encoded).collect()).await
}

fn unknown<T: AttributeType>() -> Option<proto::DynamicValue> {
    packed::<T>(&Value::UNKNOWN)
}

fn packed<T: AttributeType>(value: &Value) -> Option<proto::DynamicValue> {
    Some(proto::DynamicValue {
        msgpack: msgpack::encode(value, &T::kind().value_type()).unwrap().into(),
        ..Default::default()
    })
}

/// The result of a call that succeeded.
fn result<F: Function>(answer: proto::call_function::Response) -> Value {
    assert_eq!(answer.error, None);
    let encoded = answer.result.unwrap();
    msgpack::decode(&encoded.msgpack, &F::Output::kind().value_type()).unwrap()
}

/// The error of a call that failed: what it says, and which argument it blames.
fn error(answer: proto::call_function::Response) -> (String, Option<i64>) {
    assert_eq!(answer.result, None);
    let error = answer.error.unwrap();
    (error.text, error.function_argument)
}

#[tokio::test]
async fn functions_are_declared_in_every_list() {
    let mut client = connect(&Arc::<World>::default(), &CancellationToken::new());
    let schemas = client.get_provider_schema(proto::get_provider_schema::Request {}).await;
    let schemas = schemas.unwrap().into_inner();
    assert_eq!(schemas.diagnostics, []);
    let functions = client.get_functions(proto::get_functions::Request {}).await;
    assert_eq!(schemas.functions, functions.unwrap().into_inner().functions);
    let metadata = client.get_metadata(proto::get_metadata::Request {}).await.unwrap();
    let named: Vec<_> = metadata
        .into_inner()
        .functions
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(named, ["describe", "join", "misbehave", "or_else"]);
    let join = &schemas.functions["join"];
    assert_eq!(join.summary, "Joins texts.");
    assert_eq!(join.description, "Joins texts.\n\nThose that are null count as empty.");
    assert_eq!(join.deprecation_message, "Use `join`.");
    let parameters: Vec<_> = join.parameters.iter().chain(&join.variadic_parameter).collect();
    let named: Vec<_> = parameters.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(named, ["separator", "most", "parts"]);
    let nullable: Vec<_> = parameters.iter().map(|one| one.allow_null_value).collect();
    assert_eq!(nullable, [false, true, true]);
    assert!(parameters.iter().all(|one| !one.allow_unknown_values));
    assert!(schemas.functions["or_else"].parameters[0].allow_unknown_values);
    assert_eq!(join.r#return.as_ref().unwrap().r#type, r#""string""#);
}

#[tokio::test]
async fn arguments_become_fields_in_their_order() {
    let arguments = [json!("-"), json!(null), json!("a"), json!(null), json!("c")];
    assert_eq!(result::<Join>(call_json("join", &arguments).await), "a--c".into());
    assert_eq!(result::<Join>(call_json("join", &arguments[..2]).await), "".into());
}

#[tokio::test]
async fn trap_31_an_argument_with_neither_encoding_is_null() {
    let separator = || encoded(&json!("-"));
    let answer = call("join", vec![separator(), None, encoded(&json!("a")), None]).await;
    assert_eq!(result::<Join>(answer), "a-".into());
    let refused = error(call("join", vec![None, None]).await);
    assert_eq!(refused, ("`separator` must not be null".to_owned(), Some(0)));
}

#[tokio::test]
async fn an_error_blames_its_argument_also_among_the_variadic_ones() {
    let arguments = [json!("-"), json!(1), json!("a"), json!("b")];
    let told = error(call_json("join", &arguments).await);
    assert_eq!(told, ("There are too many texts".to_owned(), Some(3)));
    let told = error(call_json("join", &[json!("-"), json!(0)]).await);
    assert_eq!(told, ("Nothing is nothing".to_owned(), Some(1)));
}

#[tokio::test]
async fn validators_refuse_arguments_without_quoting_them() {
    let cases: [(&str, &[Json], &str, i64); 5] = [
        (
            "join",
            &[json!("hunter2"), json!(null)],
            "`separator` must be of length 1 to 3",
            0,
        ),
        (
            "join",
            &[json!("-"), json!(null), json!("a"), json!("hunter2")],
            "`parts` must be of length 0 to 5",
            3,
        ),
        (
            "join",
            &[json!("-"), json!(1.5)],
            "`most` must be a whole number of 64 bits, but it is a number",
            1,
        ),
        (
            "describe",
            &[json!({ "name": "", "port": null, "key": null })],
            "`host.name` must be of length 1 to 10",
            0,
        ),
        (
            "describe",
            &[json!({ "name": null, "port": null, "key": null })],
            "`host.name` must not be null",
            0,
        ),
    ];
    for (name, arguments, text, position) in cases {
        let told = error(call_json(name, arguments).await);
        assert_eq!(told, (text.to_owned(), Some(position)));
    }
}

#[tokio::test]
async fn models_are_objects_with_defaults() {
    let declared = json!(["object", {"key": "string", "name": "string", "port": "number"}, ["key", "port"]]);
    let mut client = connect(&Arc::<World>::default(), &CancellationToken::new());
    let functions = client.get_functions(proto::get_functions::Request {}).await;
    let describe = functions.unwrap().into_inner().functions.remove("describe").unwrap();
    let argument: Json = serde_json::from_slice(&describe.parameters[0].r#type).unwrap();
    assert_eq!(argument, declared);
    let answer = call_json("describe", &[json!({ "name": "a", "port": null, "key": "k" })]).await;
    let expected = Value::object([("address", "a:22".into()), ("has_key", true.into())]);
    assert_eq!(result::<Describe>(answer), expected);
}

#[tokio::test]
async fn unknown_arguments_arrive_where_the_field_has_a_place_for_them() {
    let known = || encoded(&json!("a"));
    let answer = call("or_else", vec![known(), unknown::<Vec<String>>()]).await;
    assert_eq!(result::<OrElse>(answer), "a".into());
    let answer = call("or_else", vec![unknown::<String>(), encoded(&json!(["b"]))]).await;
    assert!(result::<OrElse>(answer).is_unknown());
    // The field has a place for an unknown list, and none for an unknown element: there is no call.
    let partly = packed::<Vec<String>>(&Value::List(vec!["b".into(), Value::UNKNOWN]));
    let answer = call("or_else", vec![known(), partly]).await;
    assert!(result::<OrElse>(answer).is_unknown());
    let (text, position) = error(call("join", vec![unknown::<String>(), None]).await);
    assert!(text.contains("not known yet"), "{text}");
    assert_eq!(position, Some(0));
}

#[tokio::test]
async fn defects_of_functions_are_told_as_such() {
    let cases = [
        ("panic", "The provider panicked: a defect"),
        ("panic telling secrets", "withheld"),
        ("answer nothing", "partly unknown although all arguments are known"),
    ];
    for (how, expected) in cases {
        let (text, position) = error(call_json("misbehave", &[json!(how)]).await);
        assert!(
            text.contains(expected) && text.contains("bug in the provider"),
            "{text}"
        );
        assert!(!text.contains("telling secrets"), "{text}");
        assert_eq!(position, None);
    }
    let answer = call("misbehave", vec![unknown::<String>()]).await;
    assert!(result::<Misbehave>(answer).is_unknown());
}

#[tokio::test]
async fn calls_that_no_core_should_make_are_refused() {
    let (text, _) = error(call_json("nothing", &[]).await);
    assert!(text.contains("unknown function nothing"), "{text}");
    for arguments in [vec![], vec![json!(null), json!(null)]] {
        let (text, _) = error(call_json("misbehave", &arguments).await);
        assert!(text.contains("arguments to a function"), "{text}");
    }
    let (text, position) = error(call_json("describe", &[json!("no object")]).await);
    assert!(text.contains("does not fit the schema"), "{text}");
    assert_eq!(position, Some(0));
}
