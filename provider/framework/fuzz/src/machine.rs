//! The resource of the plans: one attribute of each kind that planning treats in its own way.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::Model;
use tf_framework::model::{Attr, Dynamic, Timeouts, WriteOnly};
use tf_framework::value::Value;

/// A machine.
#[derive(Model)]
pub(crate) struct Machine {
    /// Its name.
    #[tf(replace)]
    name: String,
    /// Its size.
    #[tf(default = "small")]
    size: String,
    /// Where it is, in whatever case.
    #[tf(equal = same_letters)]
    zone: Option<String>,
    /// How many cores it has.
    #[tf(optional, replace_if = shrinks)]
    cores: Attr<i64>,
    /// What lets people in.
    password: WriteOnly<String>,
    /// Its id.
    #[tf(keep)]
    id: Attr<String>,
    /// What it is called on the network.
    #[tf(depends_on(name))]
    host: Attr<String>,
    /// Its addresses.
    addresses: Attr<BTreeSet<String>>,
    /// Its labels.
    labels: Option<BTreeMap<String, String>>,
    /// Its network.
    network: Option<Network>,
    /// Its disks.
    disks: Vec<Disk>,
    /// Its volumes by name.
    #[tf(optional)]
    volumes: Attr<BTreeMap<String, Disk>>,
    /// Who may come in.
    #[tf(block)]
    rule: BTreeSet<Rule>,
    /// What it runs.
    #[tf(block)]
    service: Vec<Service>,
    /// Whatever else there is to say.
    notes: Option<Dynamic>,
    /// What it says of itself.
    status: Attr<Dynamic>,
    /// How long operations may take.
    timeouts: Timeouts,
}

/// A network.
#[derive(Model)]
struct Network {
    /// Its address.
    address: String,
    /// Its gateway.
    #[tf(keep_non_null)]
    gateway: Attr<String>,
}

/// A disk.
#[derive(Model)]
struct Disk {
    /// Its size.
    #[tf(default = 10)]
    size: i64,
    /// Its kind.
    #[tf(replace)]
    kind: Option<String>,
    /// Its serial number.
    #[tf(keep)]
    serial: Attr<String>,
}

/// A rule.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    /// Its port.
    port: i64,
    /// Its protocol.
    #[tf(default = "tcp")]
    protocol: String,
    /// Where it comes from.
    sources: Option<BTreeSet<String>>,
}

/// A service.
#[derive(Model)]
struct Service {
    /// Its name.
    name: String,
    /// The rules of its own.
    #[tf(block)]
    rule: BTreeSet<Rule>,
    /// What it is told.
    secret: WriteOnly<String>,
}

fn same_letters(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

fn shrinks(prior: &Value, planned: &Value) -> bool {
    matches!((prior, planned), (Value::Number(prior), Value::Number(planned)) if planned.as_i64() < prior.as_i64())
}
