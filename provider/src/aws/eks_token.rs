//! Tokens for the API servers of EKS: a signed request that says who its bearer is in AWS.
//!
//! A token is the URL of a call of STS, `GetCallerIdentity`, that is signed and not sent. The API server sends it, and
//! STS tells it whose signature that is. The name of the cluster is signed with it, so that no other cluster can use
//! it. [As aws-iam-authenticator does
//! it](https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster); the results
//! are those of `aws eks get-token`, to the byte.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use super::error::{Call, Cause, Error};
use super::region::host;

/// How long API servers take a token for good, counted from its making. What it says of that itself does not count.
pub(super) const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How old a token is when it is made anew: what bears it has to arrive, and clocks differ.
pub(super) const RENEW_AFTER: Duration = Duration::from_secs(10 * 60);

/// What servers look for at the beginning.
const PREFIX: &str = "k8s-aws-v1.";

/// Longer ones are refused by servers.
const MOST: usize = 4096;

/// The header by which a token belongs to a cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";

/// The clusters and the time that a token is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct For<'a> {
    /// The region of the cluster: servers take tokens of the STS there only.
    pub(super) region: &'a str,
    /// The name of the cluster.
    pub(super) cluster_name: &'a str,
    /// When it is made.
    pub(super) now: SystemTime,
}

/// Makes a token.
///
/// # Errors
/// It cannot be signed, or would be longer than servers take.
pub(super) fn mint(keys: &Credentials, of: For<'_>) -> Result<SecretString, Error> {
    let call = Call {
        service: "sts",
        operation: "GetCallerIdentity",
        region: of.region.to_owned(),
    };
    let url = signed_url(keys, of).map_err(|source| Error::Sign { call, source })?;
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url));
    if token.len() > MOST {
        return Err(Error::TokenTooLong {
            length: token.len(),
            most: MOST,
        });
    }
    Ok(token.into())
}

fn signed_url(keys: &Credentials, of: For<'_>) -> Result<String, Cause> {
    let host = host("sts", of.region);
    let url = format!("https://{host}/?Action=GetCallerIdentity&Version=2011-06-15");
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(60));
    let identity = keys.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(of.region)
        .name("sts")
        .time(of.now)
        .settings(settings)
        .build()
        .map_err(cause)?;
    let headers = [("host", host.as_str()), (CLUSTER_HEADER, of.cluster_name)];
    let signable = SignableRequest::new("GET", &url, headers.into_iter(), SignableBody::empty()).map_err(cause)?;
    let (instructions, _) = sign(signable, &parameters.into()).map_err(cause)?.into_parts();
    let mut request = http::Request::get(&url).body(()).map_err(cause)?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(request.uri().to_string())
}

fn cause(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
    Arc::new(error)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// 2026-01-02 03:04:05 UTC.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045)
    }

    fn token(region: &str, session_token: Option<String>) -> Result<String, Error> {
        let key = if session_token.is_some() {
            "ASIDEXAMPLE"
        } else {
            "AKIDEXAMPLE"
        };
        let keys = Credentials::new(key, SECRET_KEY, session_token, None, "test");
        let of = For {
            region,
            cluster_name: "moh",
            now: now(),
        };
        Ok(mint(&keys, of)?.expose_secret().to_owned())
    }

    fn url(token: &str) -> String {
        let encoded = token.strip_prefix(PREFIX).unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
    }

    /// The expected texts are what `TokenGenerator.get_token` of `awscli.customizations.eks.get_token` (AWS CLI
    /// 1.45.11) gives for these keys, with `botocore.auth.get_current_datetime` set to this time.
    #[test]
    fn a_token_is_that_of_the_cli_of_aws_to_the_byte() {
        let expected = "k8s-aws-v1.aHR0cHM6Ly9zdHMuZXUtd2VzdC0yLmFtYXpvbmF3cy5jb20vP0FjdGlvbj1HZXRDYWxsZXJJZGVudGl0eSZWZXJzaW9uPTIwM\
                        TEtMDYtMTUmWC1BbXotQWxnb3JpdGhtPUFXUzQtSE1BQy1TSEEyNTYmWC1BbXotQ3JlZGVudGlhbD1BS0lERVhBTVBMRSUyRjIwMjYwMTAyJTJGZXUt\
                        d2VzdC0yJTJGc3RzJTJGYXdzNF9yZXF1ZXN0JlgtQW16LURhdGU9MjAyNjAxMDJUMDMwNDA1WiZYLUFtei1FeHBpcmVzPTYwJlgtQW16LVNpZ25lZEh\
                        lYWRlcnM9aG9zdCUzQngtazhzLWF3cy1pZCZYLUFtei1TaWduYXR1cmU9NWU1NDY3ZTVmMDAzOGY5NWI5ZWUxMzY4NzNiY2M3ZjBjMWIwYTQ1MzM5Njc\
                        5NjdmOWMyMjU5NjA5ZWVjOGQwNQ";
        assert_eq!(token("eu-west-2", None).unwrap(), expected);
        let in_china = url(&token("cn-north-1", None).unwrap());
        assert!(
            in_china.starts_with("https://sts.cn-north-1.amazonaws.com.cn/?"),
            "{in_china}"
        );
        assert!(
            in_china.ends_with("&X-Amz-Signature=00c32163fa2fe29f853a5c68d69911e7c8f1e26ffc6fbd6f8e815ded09a4e6a0"),
            "{in_china}"
        );
    }

    #[test]
    fn a_session_signs_as_the_cli_does() {
        let session_token = "IQoJb3JpZ2luX2VjEXAMPLE//////wEaCXVzLWVhc3QtMSJ+token==".to_owned();
        let url = url(&token("eu-west-2", Some(session_token)).unwrap());
        let signature = "X-Amz-Signature=06b3047aa2c55b78e3a07fb930346ce24858719470b481db896319116480c8f3";
        let session = "X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2F%2F%2F%2FwEaCXVzLWVhc3QtMSJ%2Btoken%3D%3D";
        assert!(url.contains(signature) && url.contains(session), "{url}");
    }

    #[test]
    fn a_token_that_servers_would_refuse_for_its_length_is_not_made() {
        let error = token("eu-west-2", Some("t".repeat(4000))).unwrap_err();
        assert!(matches!(error, Error::TokenTooLong { most: 4096, .. }), "{error}");
    }
}
