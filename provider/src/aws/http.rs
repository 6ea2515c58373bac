//! Signed requests over HTTPS, for what has no client in the SDK: the one place of AWS that sends by itself.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Request;
use http::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use tokio::sync::Semaphore;
use tracing::trace;

use super::account::Account;
use super::attribute::Endpoints;
use super::error::{Call, Cause, Error};
use super::failure;
use super::query::{self, Form, Service};
use super::region::host;
use crate::retry::Retry;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many calls of a process wait for answers at once: AWS counts them for the whole account.
const ALL_CALLS: usize = 8;

/// For so long calls are tried again.
const BUDGET: Duration = Duration::from_secs(5 * 60);

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What sends requests.
pub(super) struct Http {
    client: reqwest::Client,
    retry: Retry,
    in_flight: Semaphore,
}

impl Http {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn new(attempts: u32) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("terraform-provider-cht/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|source| Error::Prepare { source: cause(source) })?;
        let retry = Retry {
            tries: attempts,
            longest_delay: Duration::from_secs(20),
            budget: BUDGET,
            ..Retry::default()
        };
        Ok(Http {
            client,
            retry,
            in_flight: Semaphore::new(ALL_CALLS),
        })
    }
}

impl Account {
    /// Makes a call, and answers its XML.
    ///
    /// # Errors
    /// AWS cannot be reached, or refuses it.
    pub(super) async fn send(&self, form: &Form) -> Result<String, Error> {
        let call = self.call(form.service.name(), form.operation);
        let http = self.http();
        let work = http.retry.run(|| self.exchange(&call, form));
        let answer = self.unless_cancelled(&call, work).await;
        // The keys may have been replaced meanwhile, as by another login.
        match answer {
            Err(Error::Expired { .. }) => {
                self.forget_keys().await;
                let work = http.retry.run(|| self.exchange(&call, form));
                self.unless_cancelled(&call, work).await
            }
            answer => answer,
        }
    }

    async fn exchange(&self, call: &Call, form: &Form) -> Result<String, Error> {
        let keys = self.keys().await?;
        let signed = signed(&keys, self, call, form)?;
        let http = self.http();
        // It is never closed, so there is always a permit to come.
        let _permit = http.in_flight.acquire().await.ok();
        let failed = |source: reqwest::Error| of_exchange(call.clone(), source.without_url());
        let answer = http.client.execute(signed).await.map_err(failed)?;
        let status = answer.status();
        let text = answer.text().await.map_err(failed)?;
        trace!(call = %call, status = status.as_u16(), "AWS call answered");
        if status.is_success() {
            return Ok(text);
        }
        Err(failure::of_refusal(
            call.clone(),
            query::refusal(status.as_u16(), &text),
        ))
    }

    /// Where a service is.
    fn endpoint(&self, service: Service) -> String {
        let Endpoints {
            ec2,
            elasticloadbalancing,
            ..
        } = self.value().endpoints();
        let given = match service {
            Service::Ec2 => ec2,
            Service::LoadBalancing => elasticloadbalancing,
        };
        let given = given.or_else(|| self.configured_endpoint(service.id()));
        let url = given.unwrap_or_else(|| format!("https://{}", host(service.name(), self.region())));
        format!("{}/", url.trim_end_matches('/'))
    }
}

fn signed(keys: &Credentials, account: &Account, call: &Call, form: &Form) -> Result<reqwest::Request, Error> {
    let failed = |source: Cause| Error::Sign {
        call: call.clone(),
        source,
    };
    let mut request = Request::post(account.endpoint(form.service))
        .header(CONTENT_TYPE, FORM)
        .body(form.body())
        .map_err(|error| failed(cause(error)))?;
    let identity = keys.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(account.region())
        .name(form.service.name())
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(cause(error)))?;
    let uri = request.uri().to_string();
    let headers = [(CONTENT_TYPE.as_str(), FORM)];
    let body = SignableBody::Bytes(request.body().as_bytes());
    let signable = SignableRequest::new("POST", &uri, headers.into_iter(), body);
    let signable = signable.map_err(|error| failed(cause(error)))?;
    let signed = sign(signable, &parameters.into()).map_err(|error| failed(cause(error)))?;
    let (instructions, _) = signed.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    reqwest::Request::try_from(request).map_err(|error| failed(cause(error)))
}

fn of_exchange(call: Call, source: reqwest::Error) -> Error {
    match () {
        () if source.is_connect() => Error::Unreachable {
            call,
            source: cause(source),
        },
        () if source.is_timeout() => Error::Timeout { call },
        () => Error::Exchange {
            call,
            source: cause(source),
        },
    }
}

fn cause(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
    Arc::new(error)
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}
