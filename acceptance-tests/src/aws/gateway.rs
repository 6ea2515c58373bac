//! One endpoint for all services: reads each request with botocore's eyes, takes it down, lets it go wrong if that was
//! agreed, and passes it on to who answers it.

use std::io;
use std::sync::Arc;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time;

use super::faults::Kind;
use super::refusal::{Protocol, Refusal};
use super::{Call, Shared, token};

/// Whoever says so looks without being seen: no log, no faults, no delays.
const OBSERVER: &str = "x-lab-observer";

/// An answer on its way to the client.
pub(super) type Answer = Response<Full<Bytes>>;

/// A request as botocore reads it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Read {
    pub(super) service: String,
    protocol: String,
    pub(super) region: String,
    pub(super) operation: Option<String>,
    pub(super) parameters: Value,
    /// The parameters without secrets.
    shown: Value,
    pub(super) caller: Option<Caller>,
    violations: Vec<String>,
}

/// Who makes a request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(super) struct Caller {
    /// The number of the account.
    pub(super) account: String,
    /// The user, or the session of a role.
    pub(super) arn: String,
    /// The user or the role.
    pub(super) principal: String,
    /// The name of the session of a role.
    pub(super) session: Option<String>,
    /// What AWS calls the user's id.
    pub(super) user_id: String,
    /// Whether the session is over.
    pub(super) expired: bool,
}

/// How an answer breaks the contract.
#[derive(Deserialize)]
struct Checked {
    violations: Vec<String>,
}

/// Serves until it is dropped, and the connections with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // A connection that was gone before it was accepted is of no interest.
            Ok((stream, _)) = listener.accept() => {
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some(_) = connections.join_next() => {}
            else => tokio::task::yield_now().await,
        }
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Answer> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request::from_parts(head, body);
    match answered(&shared, &request).await {
        Ok(Some(answer)) => Ok(answer),
        // A service that fails ends its connection without an answer.
        Ok(None) => Err(io::ErrorKind::ConnectionReset.into()),
        Err(error) => {
            shared.stray(format!("the lab cannot play: {error:#}"));
            Err(io::Error::other(error))
        }
    }
}

async fn answered(shared: &Arc<Shared>, request: &Request<Bytes>) -> Result<Option<Answer>> {
    if request.uri().path() == token::PATH {
        return token::review(shared, request.body()).await.map(Some);
    }
    let Some(read) = read(shared, request).await? else {
        return forward(shared, request).await.map(Some);
    };
    let protocol = Protocol::named(&read.protocol);
    let refused = |refusal: Refusal| {
        let id = uuid::Uuid::new_v4().to_string();
        Ok(Some(refusal.answered(protocol).response(protocol, &id)))
    };
    let Some(caller) = &read.caller else {
        return refused(Refusal::UnknownKey);
    };
    if caller.expired {
        return refused(Refusal::Expired);
    }
    if request.headers().contains_key(OBSERVER) {
        return carry_out(shared, request, &read, caller).await.map(Some);
    }
    let action = format!("{}:{}", read.service, read.operation.as_deref().unwrap_or("?"));
    let (delay, fault) = shared.with(&caller.account, |scene| {
        scene.violations.extend(read.violations.iter().cloned());
        let (delay, fault) = scene.script.enter(&action);
        scene.calls.push(Call {
            action: action.clone(),
            parameters: read.shown.clone(),
            region: read.region.clone(),
            principal: caller.principal.clone(),
            failed: fault.is_some(),
        });
        (delay, fault)
    });
    time::sleep(delay).await;
    match &fault {
        None => carried_out(shared, request, &read, caller).await.map(Some),
        Some(Kind::LostAnswer) => {
            carried_out(shared, request, &read, caller).await?;
            Ok(None)
        }
        Some(kind @ (Kind::Hang | Kind::Withheld)) => {
            if *kind == Kind::Withheld {
                carried_out(shared, request, &read, caller).await?;
            }
            shared.with(&caller.account, |scene| scene.script.stop());
            std::future::pending().await
        }
        Some(kind) => match kind.refusal(&caller.arn, &action) {
            Some(refusal) => refused(refusal),
            None => Ok(None),
        },
    }
}

/// What the helper that knows botocore reads.
async fn read(shared: &Shared, request: &Request<Bytes>) -> Result<Option<Read>> {
    let headers = request.headers().iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), Value::String(text))
    });
    let asked = json!({
        "method": request.method().as_str(),
        "target": request.uri().path_and_query().map(|target| target.as_str()),
        "headers": headers.collect::<Map<_, _>>(),
        "body": STANDARD.encode(request.body()),
    });
    shared.moto.ask("read", &asked).await
}

/// Lets the service answer. What it has received it carries out, also if nobody waits for the answer any more.
async fn carried_out(shared: &Arc<Shared>, request: &Request<Bytes>, read: &Read, caller: &Caller) -> Result<Answer> {
    let (shared, request) = (Arc::clone(shared), request.clone());
    let (read, caller) = (read.clone(), caller.clone());
    tokio::spawn(async move { carry_out(&shared, &request, &read, &caller).await }).await?
}

async fn carry_out(shared: &Shared, request: &Request<Bytes>, read: &Read, caller: &Caller) -> Result<Answer> {
    let Some(operation) = &read.operation else {
        let protocol = Protocol::named(&read.protocol);
        let unknown = Refusal::error(404, "UnknownOperationException", "There is no such operation");
        let id = uuid::Uuid::new_v4().to_string();
        return Ok(unknown.answered(protocol).response(protocol, &id));
    };
    if read.service == "ec2" {
        return once(shared, request, read, caller).await;
    }
    if read.service == "autoscaling" && operation == "DescribeScalingActivities" {
        let failures = shared.with(&caller.account, |scene| scene.launch_failures.clone());
        return activities(read, &failures);
    }
    let outcome = match read.service.as_str() {
        "eks" => shared.clusters.answer(&shared.moto, read, caller).await?,
        "dlm" => shared.policies.answer(read, caller),
        "service-quotas" => shared.with(&caller.account, |scene| scene.quotas.answer(read, caller)),
        _ => return forward(shared, request).await,
    };
    let id = uuid::Uuid::new_v4().to_string();
    let (status, error, body, answer) = match outcome {
        Ok(value) => (200, None, value.to_string(), ok(&value, &id)?),
        Err(answered) => {
            let mut body = Value::Object(answered.members.clone());
            if body.get("Message").is_none() {
                body["message"] = json!(answered.message);
            }
            let answer = answered.response(Protocol::named(&read.protocol), &id);
            (answered.status, Some(answered.code), body.to_string(), answer)
        }
    };
    // What the lab answers is held to the same description as what it is asked.
    let asked = json!({
        "service": read.service, "operation": operation, "status": status, "error": error, "body": body,
    });
    let checked: Checked = shared.moto.ask("check", &asked).await?;
    shared.with(&caller.account, |scene| scene.violations.extend(checked.violations));
    Ok(answer)
}

/// What Auto Scaling has tried in vain. moto knows of no activities at all.
fn activities(read: &Read, failures: &[String]) -> Result<Answer> {
    let group = read.parameters["AutoScalingGroupName"].as_str().unwrap_or_default();
    let members = failures.iter().enumerate().map(|(number, why)| {
        format!(
            "<member><ActivityId>{number}</ActivityId><AutoScalingGroupName>{group}</AutoScalingGroupName><Cause>a launch</Cause>\
             <StartTime>2026-11-22T08:00:00Z</StartTime><StatusCode>Failed</StatusCode><StatusMessage>{why}</StatusMessage></member>"
        )
    });
    let members: String = members.collect();
    let body = format!(
        "<DescribeScalingActivitiesResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><DescribeScalingActivitiesResult>\
         <Activities>{members}</Activities></DescribeScalingActivitiesResult></DescribeScalingActivitiesResponse>"
    );
    Ok(Response::builder()
        .header("content-type", "text/xml")
        .body(Full::new(body.into()))?)
}

/// EC2 carries out a request with a token once, and answers it again the same. moto does not look at tokens.
async fn once(shared: &Shared, request: &Request<Bytes>, read: &Read, caller: &Caller) -> Result<Answer> {
    let Some(token) = read.parameters["ClientToken"].as_str() else {
        return forward(shared, request).await;
    };
    let operation = read.operation.as_deref().unwrap_or_default();
    let key = format!("{} {operation} {token}", read.region);
    match shared.with(&caller.account, |scene| scene.answered.get(&key).cloned()) {
        Some((parameters, answer)) if parameters == read.parameters => return Ok(answer),
        Some(_) => {
            let message = "The client token has already been used with different parameters";
            let mismatch = Refusal::error(400, "IdempotentParameterMismatch", message);
            let id = uuid::Uuid::new_v4().to_string();
            return Ok(mismatch.answered(Protocol::Ec2).response(Protocol::Ec2, &id));
        }
        None => {}
    }
    let answer = forward(shared, request).await?;
    if answer.status().is_success() {
        let kept = (read.parameters.clone(), answer.clone());
        shared.with(&caller.account, |scene| scene.answered.insert(key, kept));
    }
    Ok(answer)
}

fn ok(value: &Value, id: &str) -> Result<Answer> {
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("x-amzn-requestid", id);
    Ok(response.body(Full::from(value.to_string()))?)
}

/// Passes a request on to moto, as it came.
async fn forward(shared: &Shared, request: &Request<Bytes>) -> Result<Answer> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut headers = request.headers().clone();
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let sent = shared
        .moto
        .http()
        .request(request.method().clone(), format!("{}{target}", shared.moto.url()))
        .headers(headers)
        .body(request.body().clone())
        .send()
        .await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) => {
            shared.moto.check()?;
            return Err(error.into());
        }
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
            response = response.header(name, value);
        }
    }
    Ok(response.body(Full::from(answer.bytes().await?))?)
}
