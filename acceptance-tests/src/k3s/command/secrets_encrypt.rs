//! `k3s secrets-encrypt`: status, rotate-keys, enable, disable.

use anyhow::{Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::local::{Local, Words};
use super::print;

/// Where the server does it.
const CONFIG: &str = "/v1-k3s/encrypt/config";

pub(super) async fn run(arguments: &[String]) -> Result<()> {
    let words = Words(arguments);
    let verb = words.plain().first().map(|verb| (*verb).to_owned()).unwrap_or_default();
    let local = Local::connect(words.flag("token")).await?;
    match verb.as_str() {
        "status" => {
            let status = local.get("/v1-k3s/encrypt/status").await?;
            match words.flag("output").as_deref() {
                Some("json") => print(&format!("{status}\n")),
                _ => print(&shown(&status)),
            }
        }
        "rotate-keys" => {
            local
                .send(Method::PUT, CONFIG, &json!({"stage": "rotate_keys"}))
                .await?;
            print("keys rotated, reencryption finished\n")
        }
        "enable" | "disable" => {
            local
                .send(Method::PUT, CONFIG, &json!({"enable": verb == "enable"}))
                .await?;
            print(&format!("secrets-encryption {verb}d\n"))
        }
        other => bail!("No help topic for '{other}'"),
    }
}

fn shown(status: &Value) -> String {
    let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or_default();
    match status.get("enable").and_then(Value::as_bool) {
        Some(true) if text("stage").is_empty() => "Encryption Status: Enabled\n".to_owned(),
        Some(enabled) if !text("stage").is_empty() => {
            let hashes = match text("hasherror") {
                "" => "All hashes match",
                error => error,
            };
            format!(
                "Encryption Status: {}\nCurrent Rotation Stage: {}\nServer Encryption Hashes: {hashes}\n\n\
                 Active  Key Type  Name\n------  --------  ----\n *      AES-CBC   {}\n",
                if enabled { "Enabled" } else { "Disabled" },
                text("stage"),
                text("activekey")
            )
        }
        _ => "Encryption Status: Disabled, no configuration file found\n".to_owned(),
    }
}
