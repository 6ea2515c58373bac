//! What the registries make of the pages: HashiCorp's `tfplugindocs validate` looks at folders, sizes, front matter,
//! and whether there is a page for everything in the schema and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use acceptance_tests::tools;

/// Holds the pages below `root` against the provider's part of `providers schema -json`.
pub(super) fn validate(root: &Path, provider: &Value) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("schema.json");
    let schemas = json!({ "format_version": "1.0", "provider_schemas": { "cht": provider } });
    fs::write(&file, schemas.to_string())?;
    let output = Command::new(tools::tfplugindocs()?)
        .args(["validate", "--provider-name", "cht", "--provider-dir"])
        .arg(root)
        .arg("--providers-schema")
        .arg(&file)
        .output()
        .context("start tfplugindocs")?;
    if !output.status.success() {
        bail!(
            "tfplugindocs refuses the pages:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
