//! `cargo xtask docs`: the reference documentation, from the schema as the command line sees it and from `examples/`.
//!
//! The layout is that of the registries, with the names that `tfplugindocs` gives: `docs/index.md` is the provider,
//! `docs/resources/<type without prefix>.md` a resource. What a page looks like is in [`page`], that of a function in
//! [`function`]; `docs/guides/` is written by hand. [`registry`] checks that the registries will take them all.

mod function;
mod import;
mod page;
mod registry;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use acceptance_tests::tofu::{Cli, Workspace};

use crate::checks::build_provider;
use function::Function;
use import::Import;
use page::{Case, Guide, Page, Schema};

/// What to do with the pages.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only tell whether they are up to date, and fail if not
    #[arg(long)]
    pub(crate) check: bool,
}

/// The schemas of one provider, as `providers schema -json` writes them.
#[derive(Deserialize)]
struct ProviderSchemas {
    provider: Schema,
    #[serde(default)]
    resource_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    data_source_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    ephemeral_resource_schemas: BTreeMap<String, Schema>,
    #[serde(default)]
    functions: BTreeMap<String, Function>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let provider = provider_schemas().await?;
    let schemas = ProviderSchemas::deserialize(&provider).context("read the schemas")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let pages = pages(&root, &schemas)?;
    let stale = stale(&root, &pages)?;
    if arguments.check {
        if !stale.is_empty() {
            bail!("not up to date: {}; run: cargo xtask docs", stale.join(", "));
        }
        return registry::validate(&root, &provider);
    }
    for name in stale {
        let path = root.join(&name);
        match pages.get(&name) {
            Some(text) => {
                fs::create_dir_all(path.parent().context("a page is in a folder")?)?;
                fs::write(&path, text)?;
            }
            None => fs::remove_file(&path)?,
        }
        println!("{name}");
    }
    Ok(())
}

/// Asks the command line, as a registry would.
async fn provider_schemas() -> Result<Value> {
    let cli = Cli::tofu()?;
    let address = cli.provider_address("medic/cht");
    let workspace = Workspace::new(cli, &build_provider()?)?;
    let mut schemas = workspace.providers_schema().await?;
    let ours = schemas
        .pointer_mut("/provider_schemas")
        .and_then(|providers| providers.get_mut(&address))
        .with_context(|| format!("there is no schema of {address}"))?;
    Ok(ours.take())
}

/// All pages: their names from the root of the repository, and their texts.
fn pages(root: &Path, schemas: &ProviderSchemas) -> Result<BTreeMap<String, String>> {
    let examples = root.join("examples");
    let provider = Page {
        title: "cht Provider".to_owned(),
        heading: "cht Provider".to_owned(),
        example: Some(read(&examples.join("provider/provider.tf"))?),
        cases: Vec::new(),
        import: None,
        guides: guides(&root.join("docs/guides"))?,
    };
    let mut pages = BTreeMap::from([("docs/index.md".to_owned(), provider.render(&schemas.provider))]);
    for (folder, kind, file, schemas) in [
        ("resources", "Resource", "resource.tf", &schemas.resource_schemas),
        (
            "data-sources",
            "Data Source",
            "data-source.tf",
            &schemas.data_source_schemas,
        ),
        (
            "ephemeral-resources",
            "Ephemeral Resource",
            "ephemeral-resource.tf",
            &schemas.ephemeral_resource_schemas,
        ),
    ] {
        for (name, schema) in schemas {
            let example = examples.join(folder).join(name);
            let is_resource = folder == "resources";
            let import = is_resource.then(|| Import::of(&example)).transpose()?;
            let page = Page {
                title: format!("{name} {kind} - cht"),
                heading: format!("{name} ({kind})"),
                example: Some(read(&example.join(file))?),
                cases: cases(&example, file)?,
                import,
                guides: Vec::new(),
            };
            let short = name.strip_prefix("cht_").unwrap_or(name);
            pages.insert(format!("docs/{folder}/{short}.md"), page.render(schema));
        }
    }
    for (name, function) in &schemas.functions {
        let example = read(&examples.join("functions").join(name).join("function.tf"))?;
        pages.insert(format!("docs/functions/{name}.md"), function.render(name, &example));
    }
    Ok(pages)
}

/// The configurations beside the main one, by the titles that their names are: `existing-data.tf` is about existing
/// data.
fn cases(folder: &Path, main: &str) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in files(folder, "tf")? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.ends_with(main) || name.starts_with("import-") {
            continue;
        }
        let words = name.replace('-', " ");
        let (first, rest) = words.split_at(words.chars().next().map_or(0, char::len_utf8));
        cases.push(Case {
            title: format!("{}{rest}", first.to_uppercase()),
            text: read(&path)?,
        });
    }
    Ok(cases)
}

/// The pages that are not there, differ, or should not be there.
fn stale(root: &Path, pages: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let differs = |name: &str, text: &str| fs::read_to_string(root.join(name)).ok().as_deref() != Some(text);
    let mut stale: Vec<String> = pages
        .iter()
        .filter(|(name, text)| differs(name, text))
        .map(|(name, _)| name.clone())
        .collect();
    for folder in [
        "docs/resources",
        "docs/data-sources",
        "docs/ephemeral-resources",
        "docs/functions",
    ] {
        for path in markdown_files(&root.join(folder))? {
            let name = format!("{folder}/{}", path.file_name().unwrap_or_default().display());
            if !pages.contains_key(&name) {
                stale.push(name);
            }
        }
    }
    Ok(stale)
}

/// The guides, by the titles that they give themselves.
fn guides(folder: &Path) -> Result<Vec<Guide>> {
    let mut guides = Vec::new();
    for path in markdown_files(folder)? {
        let text = read(&path)?;
        let title = text.lines().find_map(|line| line.strip_prefix("page_title: "));
        let title = title.with_context(|| format!("{} has no page_title", path.display()))?;
        guides.push(Guide {
            title: title.trim_matches('"').to_owned(),
            file: format!("guides/{}", path.file_name().unwrap_or_default().display()),
        });
    }
    Ok(guides)
}

/// The Markdown files of a folder, which need not exist, in the order of their names.
fn markdown_files(folder: &Path) -> Result<Vec<PathBuf>> {
    files(folder, "md")
}

/// The files of a folder, which need not exist, with this extension, in the order of their names.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}
