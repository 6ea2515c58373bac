//! The way to the CHT API that its users take: its public address, over HTTPS.
//!
//! Certificates are always verified. Redirects are not followed, as the request carries a password.

use std::time::Duration;

use http::{Request, Response, Uri};
use hyper::body::Bytes;
use reqwest::redirect::Policy;

use super::transport::{Transport, TransportError};
use crate::causes;

/// As for the other way, see [`super::port_forward`].
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// Sends requests to the public address of one instance. Clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpsTransport {
    client: reqwest::Client,
    base: String,
    host: String,
}

impl HttpsTransport {
    /// A transport to `url`, such as `https://kisumu.health.example`; the authorities that the operating system trusts
    /// count, or only those of `ca_certificate` if it is given, in PEM.
    ///
    /// # Errors
    /// There are no authorities in `ca_certificate`, or the operating system has none.
    pub fn new(url: &str, ca_certificate: Option<&str>) -> Result<Self, TransportError> {
        let failed = |source| TransportError::Tls { source };
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(Policy::none())
            .timeout(REQUEST_TIMEOUT);
        if let Some(pem) = ca_certificate {
            let authorities = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(failed)?;
            builder = builder.tls_certs_only(authorities);
        }
        let base = url.trim_end_matches('/').to_owned();
        let host = base
            .parse::<Uri>()
            .ok()
            .and_then(|uri| Some(uri.authority()?.to_string()));
        Ok(Self {
            client: builder.build().map_err(failed)?,
            host: host.unwrap_or_else(|| base.clone()),
            base,
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let (head, body) = request.into_parts();
        let sent = self
            .client
            .request(head.method, format!("{}{}", self.base, head.uri))
            .headers(head.headers)
            .body(body);
        let mut received = sent.send().await?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = received.status();
        *answer.headers_mut() = received.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = received.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                break;
            }
        }
        *answer.body_mut() = body.into();
        Ok(answer)
    }
}

impl Transport for HttpsTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let host = self.host.clone();
        let answer = self.exchange(request).await.map_err(reqwest::Error::without_url);
        match answer {
            Ok(answer) if answer.body().len() > MAX_ANSWER_BYTES => Err(TransportError::TooLong {
                host,
                limit: MAX_ANSWER_BYTES,
            }),
            Ok(answer) => Ok(answer),
            Err(source) if source.is_timeout() => Err(TransportError::Timeout {
                waited: REQUEST_TIMEOUT,
            }),
            Err(source) if causes::is_certificate(&source) => Err(TransportError::Certificate { host, source }),
            Err(source) => Err(TransportError::Https { host, source }),
        }
    }
}

#[cfg(test)]
mod tests;
