//! A client of another server's supervisor: fetches the cluster's CA, holds it to the token, and asks on.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Certificate, Client, Identity, Method, RequestBuilder, Response};

use super::certificates::Pair;
use super::token::{self, Token};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A server that was found to belong to the token's cluster.
#[derive(Debug)]
pub(super) struct Supervisor {
    url: String,
    ca_pem: String,
    http: Client,
    password: String,
}

impl Supervisor {
    /// Fetches the CA of a server and holds it to the token.
    pub(super) async fn connect(url: &str, token: &Token, identity: Option<&Pair>) -> Result<Self> {
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("https://") {
            bail!("only https:// URLs are supported, invalid scheme: {url}");
        }
        let trusting = builder().tls_danger_accept_invalid_certs(true).build()?;
        let ca_pem = async {
            let answer = send(trusting.get(format!("{url}/cacerts")), &format!("{url}/cacerts")).await?;
            Ok::<_, anyhow::Error>(answer.text().await?)
        };
        let ca_pem = ca_pem.await.context("failed to get CA certs")?;
        token::check_ca(token, &ca_pem)?;
        let mut verifying = builder().tls_certs_only(Certificate::from_pem_bundle(ca_pem.as_bytes())?);
        if let Some(pair) = identity {
            verifying = verifying.identity(Identity::from_pem(
                format!("{}{}", pair.certificate, pair.key).as_bytes(),
            )?);
        }
        Ok(Self {
            http: verifying.build()?,
            password: token.password.clone(),
            url,
            ca_pem,
        })
    }

    pub(super) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Asks as a user, by password.
    pub(super) async fn get(&self, path: &str, user: &str) -> Result<String> {
        let request = self.http.get(format!("{}{path}", self.url));
        self.answer(request.basic_auth(user, Some(&self.password)), path).await
    }

    /// Asks with nothing but the client certificate.
    pub(super) async fn get_by_certificate(&self, path: &str) -> Result<String> {
        self.answer(self.http.get(format!("{}{path}", self.url)), path).await
    }

    /// Asks for a certificate in a node's name.
    pub(super) async fn get_for_node(&self, path: &str, node: (&str, &str), user: Option<&str>) -> Result<String> {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(user) = user {
            request = request.basic_auth(user, Some(&self.password));
        }
        let (name, password) = node;
        let request = request
            .header("k3s-Node-Name", name)
            .header("k3s-Node-Password", password);
        self.answer(request, path).await
    }

    /// Sends something as a user.
    pub(super) async fn send(&self, method: Method, path: &str, body: String) -> Result<String> {
        let request = self.http.request(method, format!("{}{path}", self.url)).body(body);
        self.answer(request.basic_auth("server", Some(&self.password)), path)
            .await
    }

    async fn answer(&self, request: RequestBuilder, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let answer = send(request, &url).await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{url}: {status}{}", detail(&text));
        }
        Ok(text)
    }
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder().no_proxy().connect_timeout(LIMIT).timeout(LIMIT)
}

/// What k3s's own client says when there is no answer.
async fn send(request: RequestBuilder, url: &str) -> Result<Response> {
    request.send().await.map_err(|error| {
        let address = url.trim_start_matches("https://").split('/').next().unwrap_or_default();
        match error {
            error if error.is_timeout() => anyhow!("Get \"{url}\": context deadline exceeded"),
            error if error.is_connect() => {
                anyhow!("Get \"{url}\": dial tcp {address}: connect: connection refused")
            }
            error => anyhow!("Get \"{url}\": {error}"),
        }
    })
}

fn detail(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
