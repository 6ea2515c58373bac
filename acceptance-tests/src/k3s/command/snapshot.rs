//! `k3s etcd-snapshot`: save, list, delete, prune.

use anyhow::{Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::local::{Local, Words};
use super::print;
use crate::k3s::log;

/// Where the server does it.
const PATH: &str = "/db/snapshot";

pub(super) async fn run(arguments: &[String]) -> Result<()> {
    let words = Words(arguments);
    let plain = words.plain();
    let (verb, names) = plain
        .split_first()
        .map_or(("save", &plain[..]), |(verb, names)| (*verb, names));
    let local = Local::connect_in(words.flag("data-dir"), words.flag("etcd-token")).await?;
    let name = words
        .flag("name")
        .or_else(|| local.config.text("etcd-snapshot-name").filter(|_| verb == "prune"));
    let names = match names {
        [] => name.into_iter().collect(),
        names => names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
    };
    let retention = words
        .flag("snapshot-retention")
        .and_then(|number| number.parse::<u64>().ok());
    let body = |operation: &str| json!({"operation": operation, "name": names, "dir": words.flag("dir"), "retention": retention});
    match verb {
        "save" => say(
            &local.send(Method::POST, PATH, &body("save")).await?,
            "created",
            "saved",
        ),
        "delete" => say(
            &local.send(Method::POST, PATH, &body("delete")).await?,
            "deleted",
            "deleted",
        ),
        "prune" => say(
            &local.send(Method::POST, PATH, &body("prune")).await?,
            "deleted",
            "deleted",
        ),
        "ls" | "list" | "l" => {
            let answer = local.send(Method::POST, PATH, &body("list")).await?;
            let items = answer.get("items").cloned().unwrap_or_default();
            let format = words.flag("output").or_else(|| short_output(arguments));
            match format.as_deref() {
                Some("json") => print(&format!("{}\n", json!({"metadata": {}, "items": items}))),
                Some("table") | None => print(&table(&items)),
                Some(other) => bail!("invalid output format: {other}"),
            }
        }
        other => bail!("No help topic for '{other}'"),
    }
}

/// The value of `-o`.
fn short_output(arguments: &[String]) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == "-o")?;
    arguments.get(at + 1).cloned()
}

fn say(answer: &Value, key: &str, done: &str) -> Result<()> {
    let names = answer.get(key).and_then(Value::as_array).into_iter().flatten();
    for name in names.filter_map(Value::as_str) {
        log::info(&format!("Snapshot {name} {done}."));
    }
    Ok(())
}

fn table(items: &Value) -> String {
    let mut text = format!("{:<40} {:<90} {:<10} Created\n", "Name", "Location", "Size");
    for item in items.as_array().into_iter().flatten() {
        let cell = |path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default();
        text.push_str(&format!(
            "{:<40} {:<90} {:<10} {}\n",
            cell("/spec/snapshotName"),
            cell("/spec/location"),
            cell("/status/size"),
            cell("/status/creationTime")
        ));
    }
    text
}
