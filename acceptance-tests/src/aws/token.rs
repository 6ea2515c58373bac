//! Who a bearer token of EKS belongs to, as the API server of a cluster asks it: the authenticator that EKS runs beside
//! each control plane.
//!
//! A token is a presigned `GetCallerIdentity`, which names the cluster in a signed header. The signature is held to the
//! keys that moto has given out, by botocore; access entries say who the caller is in the cluster. The API server asks
//! by its webhook: `authentication.k8s.io/v1`, TokenReview.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::eks::Identity;
use super::gateway::{Answer, Caller};

/// Where the API server asks.
pub(crate) const PATH: &str = "/_lab/token-review";

/// How a token begins.
const PREFIX: &str = "k8s-aws-v1.";

/// What the cluster is named in.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";

/// Longer ones are refused.
const MAX_LENGTH: usize = 4096;

/// How long a token is good, whatever it says of itself.
const LIFETIME_SECONDS: i64 = 15 * 60;

/// How far the clock of who made it may be ahead.
const AHEAD_SECONDS: i64 = 5 * 60;

/// What may be in the query; any other parameter is refused.
const PARAMETERS: [&str; 9] = [
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// What botocore says of a presigned request.
#[derive(Deserialize)]
struct Verified {
    caller: Option<Caller>,
    refused: Option<String>,
}

/// What a token says, before its signature is known to be good.
#[derive(Debug, PartialEq)]
struct Claims {
    url: Url,
    region: String,
}

/// Answers a TokenReview.
pub(super) async fn review(shared: &Shared, body: &[u8]) -> Result<Answer> {
    let asked: Value = serde_json::from_slice(body)?;
    let token = asked["spec"]["token"].as_str().unwrap_or_default();
    let status = match authenticate(shared, token).await? {
        Ok(identity) => json!({
            "authenticated": true,
            "user": {"username": identity.username, "uid": identity.uid, "groups": identity.groups},
        }),
        Err(reason) => {
            shared.refused_token(reason.clone());
            json!({"authenticated": false, "error": reason})
        }
    };
    let review = json!({"apiVersion": asked["apiVersion"], "kind": "TokenReview", "status": status});
    let response = Response::builder().header("content-type", "application/json");
    Ok(response.body(Full::<Bytes>::from(review.to_string()))?)
}

/// Who has the token, or why nobody has it. The cluster is found by the only name under which the signature is good.
async fn authenticate(shared: &Shared, token: &str) -> Result<Result<Identity, String>> {
    let claims = match claims(token, super::eks::now()) {
        Ok(claims) => claims,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut refused = "there is no cluster".to_owned();
    for cluster in shared.clusters.names(&claims.region) {
        let host = claims.url.host_str().unwrap_or_default();
        let asked = json!({"url": claims.url.as_str(), "headers": {"host": host, CLUSTER_HEADER: cluster}});
        let verified: Verified = shared.moto.ask("verify", &asked).await?;
        match verified.caller {
            Some(caller) => return Ok(shared.clusters.identify(&caller, &claims.region, &cluster)),
            None => refused = verified.refused.unwrap_or_default(),
        }
    }
    Ok(Err(refused))
}

/// Reads a token as far as that needs no keys.
fn claims(token: &str, now: f64) -> Result<Claims, String> {
    if token.len() > MAX_LENGTH {
        return Err("the token is too long".to_owned());
    }
    let encoded = token
        .strip_prefix(PREFIX)
        .ok_or("the token does not begin with k8s-aws-v1.")?;
    let decoded = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| "the token is no base64url without padding")?;
    let text = String::from_utf8(decoded).map_err(|_| "the token is no text")?;
    let url = Url::parse(&text).map_err(|_| "the token is no URL")?;
    if url.scheme() != "https" || url.path() != "/" || url.port().is_some() {
        return Err(format!("the URL is not https://sts.…/: {}", url.path()));
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
        return Err(format!("the parameter {name} is not allowed"));
    }
    let get = |name: &str| {
        let mut found = pairs.iter().filter(|(other, _)| other == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.as_str()),
            _ => Err(format!("the parameter {name} is not there once")),
        }
    };
    if (get("Action")?, get("Version")?) != ("GetCallerIdentity", "2011-06-15") {
        return Err("the action is not GetCallerIdentity".to_owned());
    }
    let signed: Vec<&str> = get("X-Amz-SignedHeaders")?.split(';').collect();
    if signed != ["host", CLUSTER_HEADER] {
        return Err("the signed headers are not host and x-k8s-aws-id".to_owned());
    }
    let scope: Vec<&str> = get("X-Amz-Credential")?.split('/').collect();
    let [_, _, region, "sts", "aws4_request"] = scope.as_slice() else {
        return Err("the token is not signed for STS".to_owned());
    };
    if url.host_str() != Some(format!("sts.{region}.amazonaws.com").as_str()) {
        return Err(format!("the host is not that of STS in {region}"));
    }
    let expires: u32 = get("X-Amz-Expires")?
        .parse()
        .map_err(|_| "X-Amz-Expires is no number")?;
    if expires > 900 {
        return Err("X-Amz-Expires is above 900".to_owned());
    }
    let age = now as i64 - signed_at(get("X-Amz-Date")?).ok_or("X-Amz-Date is no time")?;
    if !(-AHEAD_SECONDS..=LIFETIME_SECONDS).contains(&age) {
        return Err(format!("the token is {age} s old"));
    }
    let region = (*region).to_owned();
    Ok(Claims { url, region })
}

/// A time such as `20261122T051500Z`, in seconds since 1970.
fn signed_at(text: &str) -> Option<i64> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |text: Option<&str>| text?.parse::<i64>().ok();
    let day = format!("{}-{}-{}", day.get(0..4)?, day.get(4..6)?, day.get(6..8)?);
    let seconds = number(time.get(0..2))? * 3600 + number(time.get(2..4))? * 60 + number(time.get(4..6))?;
    Some(super::eks::seconds(&day) + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIA%2F20261122%2Feu-west-2%2Fsts%2Faws4_request&X-Amz-Date=20261122T000100Z\
        &X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00";

    /// A minute after the token was made.
    fn now() -> f64 {
        (super::super::eks::seconds("2026-11-22") + 120) as f64
    }

    fn token(url: &str) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url))
    }

    #[test]
    fn a_token_names_its_region() {
        let url = format!("https://sts.eu-west-2.amazonaws.com/?{QUERY}");
        assert_eq!(claims(&token(&url), now()).unwrap().region, "eu-west-2");
    }

    #[test]
    fn whatever_eks_refuses_is_refused() {
        let url = format!("https://sts.eu-west-2.amazonaws.com/?{QUERY}");
        let with = |from: &str, to: &str| token(&url.replace(from, to));
        let cases = [
            (url.clone(), "does not begin with"),
            (format!("{}=", token(&url)), "no base64url"),
            (with("https", "http"), "is not https"),
            (with("sts.eu-west-2", "sts"), "the host is not"),
            (with("sts.eu-west-2.amazonaws.com", "example.org"), "the host is not"),
            (with("GetCallerIdentity", "AssumeRole"), "the action is not"),
            (with("&X-Amz-Expires=60", "&X-Amz-Expires=901"), "above 900"),
            (with("%3Bx-k8s-aws-id", ""), "the signed headers are not"),
            (with("&X-Amz-Signature", "&Foo=1&X-Amz-Signature"), "Foo is not allowed"),
            (with("&X-Amz-Expires=60", ""), "X-Amz-Expires is not there once"),
            (with("T000100Z", "T001000Z"), "-480 s old"),
            (with("1122T000100Z", "1121T234659Z"), "901 s old"),
            (with("%2Fsts%2F", "%2Fs3%2F"), "not signed for STS"),
            (token(&"x".repeat(MAX_LENGTH)), "too long"),
        ];
        for (token, reason) in cases {
            let refused = claims(&token, now()).unwrap_err();
            assert!(refused.contains(reason), "{reason}: {refused}");
        }
    }
}
