//! `k3s token`: rotate the servers' token, or generate one for agents.

use anyhow::{Result, bail};
use aws_lc_rs::rand;
use reqwest::Method;
use serde_json::json;

use super::local::{Local, Words};
use super::print;
use crate::k3s::certificates::hex;

pub(super) async fn run(arguments: &[String]) -> Result<()> {
    let words = Words(arguments);
    match words.plain().first() {
        Some(&"rotate") => {
            let Some(new) = words.flag("new-token") else {
                bail!("new-token is required");
            };
            let local = Local::connect(words.flag("token")).await?;
            local
                .send(Method::PUT, "/v1-k3s/token", &json!({ "newToken": new }))
                .await?;
            print(
                "WARNING: Recommended to keep a record of the old token. If restoring from a snapshot, you must use the token associated with that snapshot.\n\
                 Token rotated, restart k3s nodes with new token\n",
            )
        }
        Some(&"generate") => {
            let mut bytes = [0; 11];
            rand::fill(&mut bytes)?;
            let text = hex(&bytes);
            let (id, secret) = text.split_at(6);
            print(&format!("{id}.{secret}\n"))
        }
        _ => bail!("the stand-in knows token rotate and token generate"),
    }
}
