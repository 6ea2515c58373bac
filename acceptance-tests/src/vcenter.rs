//! A vCenter: govmomi's simulator as a process of ours on a loopback port, with a certificate of its own.
//!
//! A [`VCenter`] speaks the SOAP API, and is stricter than the simulator where that would hide faults of a client: it
//! reads requests by the order of the schema, refuses changes that take a machine that is off, gives clones new
//! addresses and identifiers, and knows who has which privilege. It refuses nobody for lack of a privilege, and places
//! machines without regard to rules: a test lets such things happen with a [`Fault`].
//!
//! - [`options`]: what is there from the start.
//! - [`faults`]: calls and tasks that go wrong or take long, sessions that end.
//! - [`changes`]: what others do to machines meanwhile, and how guests behave.
//! - [`clusters`]: how clusters distribute machines.
//! - [`tags`]: categories and tags, and what they are attached to.
//! - [`observed`]: what is there, read from the simulator's own objects, and what was asked of it.
//!
//! The program is in `tools/vcsim/`.

pub mod changes;
pub mod clusters;
pub mod faults;
pub mod observed;
pub mod options;
pub mod tags;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use reqwest::{Certificate, Client, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use changes::{ForeignDisk, Guest};
pub use clusters::Drs;
pub use faults::Fault;
pub use observed::{Disk, GuestState, Machine, Nic, Permission, Request, Rule, Session};
pub use options::{Options, Template};

use crate::k3s::certificates;
use crate::lifeline::Lifeline;
use crate::served::Served;
use crate::tools;

/// Who may do everything.
const USER: &str = "administrator@vsphere.local";

/// A running vCenter. It ends, with its files, when it is dropped and also when the program ends in any other way. That
/// it ended before is a defect of the simulator, so its test fails when it is dropped.
#[derive(Debug)]
pub struct VCenter {
    program: Served,
    ca_pem: String,
    thumbprint: String,
    password: String,
    http: Client,
}

impl VCenter {
    /// Starts a vCenter, and waits until it answers.
    ///
    /// # Errors
    /// If the program cannot be built or does not start; the error has the end of its log.
    pub async fn start(options: &Options) -> Result<Self> {
        // Another part of the program may have installed the same one before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let program = tools::vcsim()?;
        let lifeline = Lifeline::start("vcenter-")?;
        let authority = certificates::authority("vcenter-ca")?;
        let pair = certificates::serving(&authority, "vcenter", &["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        let write = |name: &str, text: &str| -> Result<PathBuf> {
            let path = lifeline.directory().join(name);
            fs::write(&path, text)?;
            Ok(path)
        };
        let certificate = write("certificate.pem", &pair.certificate)?;
        let key = write("key.pem", &pair.key)?;
        let password = uuid::Uuid::new_v4().simple().to_string();
        let chosen = options.to_json(&certificate, &key, USER, &password);
        let mut command = Command::new(&program);
        command.arg(write("options.json", &chosen.to_string())?);
        Ok(Self {
            program: Served::start("the simulator of vCenter", command, lifeline).await?,
            thumbprint: thumbprint(&pair.certificate)?,
            password,
            http: Client::builder()
                .no_proxy()
                .tls_certs_only([Certificate::from_pem(authority.certificate.as_bytes())?])
                .build()?,
            ca_pem: authority.certificate,
        })
    }

    /// Its host and port.
    pub fn address(&self) -> &str {
        self.program.address()
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        format!("https://{}", self.address())
    }

    /// The certificate authority that signed its certificate.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The SHA-256 thumbprint of its certificate, as browsers show it.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// A user that may do everything.
    pub fn user(&self) -> &str {
        USER
    }

    /// The password of that user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// A client that trusts its certificate.
    pub fn http(&self) -> &Client {
        &self.http
    }

    /// The process id, which is also that of its process group.
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// The folder with its files.
    pub fn directory(&self) -> &Path {
        self.program.directory()
    }

    /// Fails if the simulator has ended, with the end of its log. A test that sees the provider fail asks this first.
    ///
    /// # Errors
    /// If it has ended.
    pub fn check(&self) -> Result<()> {
        self.program.check()
    }

    /// What is shown at a path of the control.
    async fn show<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let text = self.answer(path, self.http.get(self.control(path))).await?;
        serde_json::from_str(&text).with_context(|| format!("read {path}: {text}"))
    }

    /// Asks for something at a path of the control.
    async fn ask(&self, path: &str, what: &impl Serialize) -> Result<String> {
        let body = serde_json::to_string(what)?;
        self.answer(path, self.http.post(self.control(path)).body(body)).await
    }

    fn control(&self, path: &str) -> String {
        format!("{}/_ctl/{path}", self.url())
    }

    async fn answer(&self, path: &str, request: reqwest::RequestBuilder) -> Result<String> {
        let got = async {
            let answer: Response = request.send().await?;
            let status = answer.status();
            anyhow::Ok((status, answer.text().await?))
        };
        match got.await {
            Ok((status, text)) if status.is_success() => Ok(text),
            Ok((status, text)) => bail!("{path}: {status}: {}", text.trim()),
            Err(error) => {
                self.check()?;
                Err(error.context(path.to_owned()))
            }
        }
    }
}

impl Drop for VCenter {
    #[expect(
        clippy::panic,
        clippy::print_stderr,
        reason = "a test fails by panicking, and says why"
    )]
    fn drop(&mut self) {
        match self.check() {
            Ok(()) => {}
            Err(error) if std::thread::panicking() => eprintln!("{error:#}"),
            Err(error) => panic!("{error:#}"),
        }
    }
}

fn thumbprint(pem: &str) -> Result<String> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).context("the certificate is no PEM")?;
    let bytes = digest(&SHA256, &certificate);
    Ok(bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_is_that_of_the_certificate() {
        let authority = certificates::authority("ca").unwrap();
        let pair = certificates::serving(&authority, "vcenter", &["127.0.0.1".to_owned()]).unwrap();
        let of_server = thumbprint(&pair.certificate).unwrap();
        assert_eq!(of_server.split(':').count(), 32);
        assert_ne!(of_server, thumbprint(&authority.certificate).unwrap());
    }
}
