//! `#[derive(Model)]`: the schema, the conversions and the constants that come out of a struct.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::model::{Attr, Timeouts, WriteOnly};
use tf_framework::path::Path;
use tf_framework::schema::Validator;
use tf_framework::value::Value;

mod blocks;
mod conversions;
mod schema;

/// One CHT instance.
///
/// It runs
/// anywhere.
#[derive(Model)]
#[tf(version = 2, deprecated = "Use the other one.")]
#[tf(timeouts(create = "1h30m", read = "1.5m", delete = "90s500ms"))]
pub struct InstanceModel {
    /// Namespace of the instance.
    #[tf(replace, validate(Validator::length(1..=63), Validator::one_of(["a", "b"])))]
    pub namespace: String,
    /// CHT release,
    /// without a `v`.
    #[tf(default = "5.3.1", equal = same_release)]
    pub cht_version: String,
    /// Kind of the instance.
    #[tf(replace_if = shrinks, deprecated = "It is ignored.")]
    pub r#type: Option<i64>,
    /// CouchDB.
    pub couchdb: CouchDb,
    /// Taints that are tolerated.
    pub tolerations: Option<Vec<Toleration>>,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// Taints that are set.
    pub taints: BTreeSet<Taint>,
    /// Host names.
    #[tf(name = "hostnames")]
    pub hosts: Option<BTreeSet<String>>,
    /// Admin password.
    pub admin_password: WriteOnly<SecretString>,
    /// Generated secret.
    #[tf(optional, keep)]
    pub secret: Attr<SecretString>,
    /// Address.
    #[tf(depends_on(namespace, couchdb.volume.storage_size))]
    pub url: Attr<String>,
    /// Limits of operations.
    pub timeouts: Timeouts,
}

/// How CouchDB runs.
#[derive(Model, Debug, PartialEq)]
pub struct CouchDb {
    /// Number of nodes.
    #[tf(default = 1)]
    nodes: i64,
    /// Where data is stored.
    volume: Option<Volume>,
}

/// A volume.
#[derive(Model, Debug, PartialEq)]
pub struct Volume {
    /// Size of the volume.
    storage_size: String,
}

/// A toleration of a taint.
#[derive(Model, Debug, PartialEq)]
pub struct Toleration {
    /// Key of the taint.
    key: String,
    /// How long it is tolerated.
    seconds: Option<i64>,
}

/// A user.
#[derive(Model)]
pub struct User {
    /// Password of the user.
    password: SecretString,
}

/// A taint.
#[derive(Model, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Key of the taint.
    key: String,
}

/// Nothing to configure, and nobody else's business.
#[derive(Model, Debug)]
struct Nothing {}

fn same_release(prior: &Value, planned: &Value) -> bool {
    let number = |value: &Value| value.as_str().map(|text| text.trim_start_matches('v').to_owned());
    number(prior) == number(planned)
}

fn shrinks(prior: &Value, planned: &Value) -> bool {
    matches!((prior, planned), (Value::Number(prior), Value::Number(planned)) if planned.as_i64() < prior.as_i64())
}

fn storage_size() -> Path {
    Path::new("couchdb").attribute("volume").attribute("storage_size")
}

fn medic_password() -> Path {
    Path::new("users").key("medic").attribute("password")
}
