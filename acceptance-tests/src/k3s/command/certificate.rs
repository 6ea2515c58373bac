//! `k3s certificate`: check how long the certificates of this host last, or have them made anew at the next start.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use k8s_openapi::jiff::Timestamp;

use super::local::Words;
use super::print;
use crate::k3s::certificates;
use crate::k3s::config::Config;
use crate::k3s::log;

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let words = Words(arguments);
    let config = Config::for_command(&["data-dir", "debug", "log"])?;
    let data = config.data_directory();
    match words.plain().first() {
        Some(&"check") => {
            let mut text = format!("{:<34} {:<26} {:<10} Status\n", "Filename", "Expires", "Residual");
            for path in files(&data)? {
                let end = certificates::end(&fs::read_to_string(&path)?)?;
                let days = (end - log::unix_time()) / (24 * 60 * 60);
                text.push_str(&format!(
                    "{:<34} {:<26} {:<10} {}\n",
                    path.file_name().unwrap_or_default().to_string_lossy(),
                    Timestamp::from_second(end)?.to_string(),
                    format!("{days} days"),
                    if days > 120 { "OK" } else { "WARNING" }
                ));
            }
            print(&text)
        }
        Some(&"rotate") => {
            for path in files(&data)? {
                // Authorities stay; everything else is made again at each start.
                if !path.to_string_lossy().ends_with("-ca.crt") {
                    fs::remove_file(&path)?;
                }
            }
            log::info("Successfully backed up certificates, please restart k3s server or agent to rotate certificates");
            Ok(())
        }
        _ => bail!("the stand-in knows certificate check and certificate rotate"),
    }
}

fn files(data: &std::path::Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for directory in ["server/tls", "agent"] {
        let entries = fs::read_dir(data.join(directory)).into_iter().flatten().flatten();
        found.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|end| end == "crt")),
        );
    }
    found.sort();
    Ok(found)
}
