//! Requests over a stream to a pod, and streams that end or are refused.

use futures::future;
use kube::client::Body;

use super::*;
use crate::kubernetes::Cluster;

pub(super) fn target(name: &str) -> Target {
    Target {
        name: name.to_owned(),
        uid: format!("uid-of-{name}"),
    }
}

fn pod(name: &str, phase: &str, ready: &str, deleted: bool) -> Pod {
    let deletion = if deleted {
        serde_json::json!("2026-01-01T00:00:00Z")
    } else {
        serde_json::Value::Null
    };
    serde_json::from_value(serde_json::json!({
        "metadata": { "name": name, "uid": format!("uid-of-{name}"), "deletionTimestamp": deletion },
        "status": { "phase": phase, "conditions": [{ "type": "Ready", "status": ready }] },
    }))
    .unwrap()
}

#[test]
fn ready_pod_is_chosen_before_one_that_only_runs() {
    let pods = [
        pod("leaving", "Running", "True", true),
        pod("pending", "Pending", "False", false),
        pod("starting", "Running", "False", false),
        pod("ready", "Running", "True", false),
    ];
    assert_eq!(choose_pod(&pods), Some(target("ready")));
    assert_eq!(choose_pod(&pods[..3]), Some(target("starting")));
    assert_eq!(choose_pod(&pods[..2]), None);
}

#[tokio::test]
async fn whole_answer_comes_back_over_a_stream() {
    let (near, far) = tokio::io::duplex(4096);
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut read, mut write) = tokio::io::split(far);
        let mut request = vec![0; 4096];
        let length = read.read(&mut request).await.unwrap();
        write
            .write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait")
            .await
            .unwrap();
        String::from_utf8(request[..length].to_vec()).unwrap()
    });
    let request = Request::get("/setup/poll")
        .header(HOST, "api.cht.svc.cluster.local:5988")
        .body(Bytes::new());
    let mut connection = Connection::open(target("cht-api-1"), near).await.unwrap();
    let answer = connection.exchange(request.unwrap()).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_ref()),
        (503, b"wait".as_ref())
    );
    let sent = server.await.unwrap();
    assert!(sent.starts_with("GET /setup/poll HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("host: api.cht.svc.cluster.local:5988\r\n"), "{sent}");
}

#[tokio::test]
async fn one_connection_serves_several_requests_until_the_api_hangs_up() {
    let (near, far) = tokio::io::duplex(4096);
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut read, mut write) = tokio::io::split(far);
        for answer in [&b"one"[..], b"two"] {
            let mut request = vec![0; 4096];
            assert!(read.read(&mut request).await.unwrap() > 0);
            write
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
                .await
                .unwrap();
            write.write_all(answer).await.unwrap();
        }
    });
    let request = || Request::get("/setup/poll").body(Bytes::new()).unwrap();
    let mut connection = Connection::open(target("cht-api-1"), near).await.unwrap();
    for expected in [&b"one"[..], b"two"] {
        assert_eq!(connection.exchange(request()).await.unwrap().body().as_ref(), expected);
    }
    server.await.unwrap();
    assert!(connection.exchange(request()).await.unwrap_err().error.is_closed());
}

#[tokio::test]
async fn stream_that_ends_without_an_answer_means_closed() {
    let (near, far) = tokio::io::duplex(4096);
    drop(far);
    let request = Request::get("/setup/poll").body(Bytes::new()).unwrap();
    let mut connection = Connection::open(target("cht-api-1"), near).await.unwrap();
    let error = connection.exchange(request).await.unwrap_err().error;
    assert!(error.is_closed(), "{error}");
}

fn transport(client: kube::Client) -> PortForwardTransport {
    let cluster = Cluster::new(client, "https://10.0.0.9:6443");
    PortForwardTransport::new(&Forwards::default(), &cluster, "cht-kisumu", "cluster.local")
}

/// Sends one request; the Kubernetes API gives the scripted answers to the scripted paths.
async fn send_with(script: Vec<(&'static str, u16, serde_json::Value)>) -> TransportError {
    let (service, mut handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
    let kubernetes = tokio::spawn(async move {
        for (path, status, body) in script {
            let (request, respond) = handle.next_request().await.unwrap();
            assert_eq!(request.uri().path(), path);
            let body = Body::from(body.to_string().into_bytes());
            respond.send_response(Response::builder().status(status).body(body).unwrap());
        }
    });
    let transport = transport(kube::Client::new(service, "cht-kisumu"));
    let error = transport
        .send(Request::get("/setup/poll").body(Bytes::new()).unwrap())
        .await
        .unwrap_err();
    kubernetes.await.unwrap();
    error
}

#[tokio::test]
async fn refusals_of_kubernetes_are_told_apart() {
    const PODS: &str = "/api/v1/namespaces/cht-kisumu/pods";
    const FORWARD: &str = "/api/v1/namespaces/cht-kisumu/pods/cht-api-1/portforward";
    let list = |pods: &[Pod]| serde_json::json!({ "metadata": {}, "items": pods });
    let running = || list(&[pod("cht-api-1", "Running", "True", false)]);
    let status = |code: u16| serde_json::json!({ "kind": "Status", "status": "Failure", "message": "no", "reason": "No", "code": code });
    let table = [
        // Script, whether the API is closed, whether to try again.
        (vec![(PODS, 200, list(&[]))], true, true),
        (vec![(PODS, 403, status(403))], false, false),
        (vec![(PODS, 503, status(503))], false, true),
        (vec![(PODS, 200, running()), (FORWARD, 404, status(404))], true, true),
        (vec![(PODS, 200, running()), (FORWARD, 403, status(403))], false, false),
        (vec![(PODS, 200, running()), (FORWARD, 500, status(500))], false, true),
    ];
    for (script, is_closed, is_retryable) in table {
        let error = send_with(script).await;
        assert_eq!(
            (error.is_closed(), error.is_retryable()),
            (is_closed, is_retryable),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn request_that_is_never_answered_times_out_and_may_be_repeated() {
    let (service, _never_answers) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
    let transport = transport(kube::Client::new(service, "cht-kisumu")).with_timeout(Duration::from_millis(1));
    let error = transport
        .send(Request::get("/setup/poll").body(Bytes::new()).unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    assert_eq!((error.is_closed(), error.is_retryable()), (false, true));
}

/// What was sent over a connection that broke may have been carried out: only what does no harm is sent again.
#[tokio::test]
async fn only_what_did_not_arrive_or_does_no_harm_twice_is_repeated() {
    let (near, mut far) = tokio::io::duplex(4096);
    let server = tokio::spawn(async move {
        use tokio::io::AsyncReadExt;
        let mut request = [0; 64];
        assert!(far.read(&mut request).await.unwrap() > 0);
    });
    let post = || Request::post("/api/v3/users").body(Bytes::new()).unwrap();
    let mut connection = Connection::open(target("cht-api-1"), near).await.unwrap();
    let arrived = connection.exchange(post()).await.unwrap_err();
    assert!(!arrived.may_be_repeated(&http::Method::POST));
    assert!(arrived.may_be_repeated(&http::Method::PUT));
    server.await.unwrap();
    connection.closed().cancelled().await;
    let unsent = connection.exchange(post()).await.unwrap_err();
    assert!(unsent.may_be_repeated(&http::Method::POST), "{}", unsent.error);
}

#[tokio::test(start_paused = true)]
async fn reason_may_come_after_the_break_before_it_or_never() {
    let broken = || async {
        tokio::task::yield_now().await;
        Err::<(), _>(TransportError::Refused {
            pod: "api".to_owned(),
            message: "the connection ended".to_owned(),
        })
    };
    let late = async {
        tokio::time::sleep(REASON_TIMEOUT / 2).await;
        Some("connection refused".to_owned())
    };
    for (reason, expected) in [
        (
            future::ready(Some("connection refused".to_owned())).boxed(),
            "connection refused",
        ),
        (late.boxed(), "connection refused"),
        (future::ready(None).boxed(), "the connection ended"),
        (future::pending().boxed(), "the connection ended"),
    ] {
        let failure = unless_refused("api".to_owned(), broken(), reason).await.unwrap_err();
        assert!(failure.to_string().ends_with(expected), "{failure}");
    }
}
