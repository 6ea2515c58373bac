//! The binary as a core meets it: once more, and in short, what `provider/framework/tests/process/` proves of any
//! provider.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../framework/tests/go_plugin/mod.rs"]
mod go_plugin;
#[path = "../framework/tests/go_plugin/running.rs"]
mod running;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use futures::future::join_all;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use terraform_provider_cht::kubernetes::Kubernetes;
use terraform_provider_cht::provider::{ChtProvider, ProviderModel};
use tf_framework::model::{Model, ToValue};
use tf_framework::provider::Provider;
use tf_framework::schema::Schema;
use tf_framework::value::Value;
use tf_framework::wire::form::WireForm;
use tf_framework::wire::msgpack;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tfplugin::tfplugin6::{DynamicValue, apply_resource_change, call_function, get_provider_schema};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tonic::transport::Channel;

use crate::go_plugin::{ClientCertificate, Handshake, environment};
use crate::running::{EXIT, Running, core_of, piped};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-cht");

/// Starts it for a client.
async fn start(tmp: &Path) -> Running {
    Running::start(piped(PROGRAM), tmp).await
}

async fn end(provider: Running, tmp: &Path) {
    provider.shutdown().await;
    provider.exited(tmp).await;
}

async fn assert_answers(mut provider: ProviderClient<Channel>) {
    let schema = provider.get_provider_schema(get_provider_schema::Request {}).await;
    let schema = schema.unwrap().into_inner();
    assert_eq!(schema.diagnostics, []);
    assert!(schema.resource_schemas.contains_key("cht_instance"));
}

#[tokio::test]
async fn trap_19_only_the_client_with_the_right_certificate_is_served() {
    let tmp = tempfile::tempdir().unwrap();
    let (client, stranger) = (ClientCertificate::generate(), ClientCertificate::generate());
    let environment = environment(tmp.path(), Some(&client));
    let provider = Running::start_in(piped(PROGRAM), environment, Some(&client)).await;
    let handshake = Handshake::parse(&provider.line);

    let _silent = handshake.open().await.unwrap();
    for identity in [None, stranger.identity(), client.identity_with_key_of(&stranger)] {
        let mut stream = handshake.open_tls(identity).await.unwrap();
        assert!(stream.read_u8().await.is_err());
    }
    assert_answers(ProviderClient::new(handshake.channel(client.identity()).await)).await;

    end(provider, tmp.path()).await;
}

#[tokio::test]
async fn trap_22_interrupt_is_left_to_the_core_and_terminate_ends_the_process() {
    let tmp = tempfile::tempdir().unwrap();
    let mut command = piped(PROGRAM);
    command.process_group(0).env("TF_LOG", "DEBUG");
    let mut provider = Running::start(command, tmp.path()).await;

    let interrupts: [fn(Pid, Signal) -> nix::Result<()>; 2] = [kill, killpg];
    for interrupt in interrupts {
        interrupt(provider.pid(), Signal::SIGINT).unwrap();
        provider
            .logged("ignoring an interrupt, as the core handles it", 1)
            .await;
        assert_answers(provider.provider()).await;
    }
    provider.signal(Signal::SIGTERM);

    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn trap_22_shutdown_under_load_is_quick_and_every_call_is_answered() {
    const OPEN: usize = 20;
    let tmp = tempfile::tempdir().unwrap();
    let provider = start(tmp.path()).await;
    provider.configure(encoded(&ProviderModel::schema(), [])).await;
    let (mut creating, mut silent) = (Vec::new(), Vec::new());
    for _ in 0..OPEN {
        let cluster = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let request = creation(&format!("https://{}", cluster.local_addr().unwrap()));
        let mut client = provider.provider();
        let mut creation = tokio::spawn(async move { client.apply_resource_change(request).await });
        // It takes the connection, and never says a word.
        tokio::select! {
            call = cluster.accept() => silent.push(call.unwrap()),
            answer = &mut creation => panic!("the cluster is not called: {answer:?}"),
        }
        creating.push(creation);
    }

    let start = Instant::now();
    provider.shutdown().await;
    let answers = join_all(creating).await;
    provider.exited(tmp.path()).await;

    assert!(start.elapsed() < EXIT, "{:?}", start.elapsed());
    for answer in answers {
        let answer = answer.unwrap().expect("it is answered").into_inner();
        assert!(!answer.diagnostics.is_empty());
        let state = answer.new_state.expect("a state").msgpack;
        assert_eq!(state, null().msgpack, "nothing was made");
    }
    drop(silent);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn killed_core_takes_the_provider_with_it() {
    let tmp = tempfile::tempdir().unwrap();
    let mut core = Running::start(core_of(PROGRAM), tmp.path()).await;
    assert_answers(core.provider()).await;

    core.signal(Signal::SIGKILL);

    // The connection stays open; the provider has the other end of the pipe until it exits.
    core.rest().await;
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}

#[tokio::test]
async fn trap_34_temporary_directory_too_long_for_a_socket_means_tcp() {
    let tmp = tempfile::tempdir().unwrap();
    let long = tmp.path().join("x".repeat(120));
    std::fs::create_dir(&long).unwrap();
    let provider = start(&long).await;

    assert_eq!(Handshake::parse(&provider.line).network, "tcp");
    assert_answers(provider.provider()).await;

    end(provider, &long).await;
}

#[tokio::test]
async fn core_without_a_certificate_is_served_in_plaintext() {
    let tmp = tempfile::tempdir().unwrap();
    let provider = Running::start_in(piped(PROGRAM), environment(tmp.path(), None), None).await;

    assert!(Handshake::parse(&provider.line).certificate.is_none());
    assert_answers(provider.provider()).await;

    end(provider, tmp.path()).await;
}

/// [`Handshake::parse`] looks at the version.
#[tokio::test]
async fn core_without_protocol_6_is_told_that_this_is_6() {
    let tmp = tempfile::tempdir().unwrap();
    let client = ClientCertificate::generate();
    let mut environment = environment(tmp.path(), Some(&client));
    environment.insert("PLUGIN_PROTOCOL_VERSIONS", "5".to_owned());
    let provider = Running::start_in(piped(PROGRAM), environment, Some(&client)).await;

    end(provider, tmp.path()).await;
}

#[tokio::test]
async fn fifty_calls_at_once_are_answered_and_one_of_five_mebibytes_among_them() {
    let tmp = tempfile::tempdir().unwrap();
    let running = start(tmp.path()).await;
    let provider = running.provider().max_decoding_message_size(usize::MAX);

    let text = format!("a: {}", "x".repeat(5 << 20));
    let mut large = provider.clone();
    let large = tokio::spawn(async move { large.call_function(call("values", &text)).await });
    let small = (0..50).map(|_| {
        let mut provider = provider.clone();
        async move { provider.call_function(call("values", "a: 1")).await }
    });
    for answer in join_all(small).await {
        assert_told(answer.unwrap().into_inner());
    }
    assert_told(large.await.unwrap().unwrap().into_inner());

    end(running, tmp.path()).await;
}

/// A call of a function with one text.
fn call(name: &str, text: &str) -> call_function::Request {
    // MessagePack's strings of up to 4 GiB begin so.
    let mut msgpack = vec![0xdb];
    msgpack.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    msgpack.extend(text.as_bytes());
    let argument = DynamicValue {
        msgpack: msgpack.into(),
        ..DynamicValue::default()
    };
    call_function::Request {
        name: name.to_owned(),
        arguments: vec![argument],
    }
}

/// What was sent arrived whole: it is YAML, and the function says what it lacks.
fn assert_told(answer: call_function::Response) {
    let error = answer.error.expect("there is no chart with these values");
    assert!(error.text.contains("cht"), "{}", error.text);
    assert_eq!(error.function_argument, Some(0));
}

/// The creation of a storage class in the cluster at that address, as it was planned.
fn creation(host: &str) -> apply_resource_change::Request {
    let resources = ChtProvider.resources();
    let mut classes = resources
        .iter()
        .filter(|entry| entry.type_name() == "cht_storage_class");
    let schema = classes.next().expect("it is a resource").schema();
    let kubernetes = Kubernetes {
        host: Some(host.to_owned()),
        token: Some("of nobody".into()),
        insecure: Some(true),
        ..Kubernetes::default()
    };
    let class = [
        ("kubernetes", kubernetes.to_value()),
        ("name", "fast".into()),
        ("storage_provisioner", "csi.example.com".into()),
        ("reclaim_policy", "Retain".into()),
        ("volume_binding_mode", "WaitForFirstConsumer".into()),
        ("allow_volume_expansion", true.into()),
        ("default", false.into()),
    ];
    let class = Some(encoded(schema, class));
    apply_resource_change::Request {
        type_name: "cht_storage_class".to_owned(),
        prior_state: Some(null()),
        planned_state: class.clone(),
        config: class,
        ..Default::default()
    }
}

/// An object in which all other attributes are null.
fn encoded<const N: usize>(schema: &Schema, given: [(&str, Value); N]) -> DynamicValue {
    let absent = schema.attributes.iter().map(|one| (one.name.clone(), one.absent()));
    let mut attributes: BTreeMap<String, Value> = absent.collect();
    attributes.extend(given.map(|(name, value)| (name.to_owned(), value)));
    let value = Value::object(attributes);
    let msgpack = msgpack::encode(&schema.lower(&value), &schema.wire_type());
    DynamicValue {
        msgpack: msgpack.unwrap().into(),
        ..DynamicValue::default()
    }
}

/// What is not there.
fn null() -> DynamicValue {
    DynamicValue {
        msgpack: vec![0xc0].into(),
        ..DynamicValue::default()
    }
}

#[tokio::test]
async fn binary_started_by_hand_explains_itself() {
    let output = piped(PROGRAM).output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("This program is a plugin"), "{stderr}");
}
