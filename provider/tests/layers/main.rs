//! The layers of ARCHITECTURE.md, held by reading the sources: each rule with its reason.
//!
//! Tests are free of the rules; [`source`] leaves them out, and comments. What is built with what comes from
//! [`dependencies`]. [`form`] has the rules for the form of files, whatever their layer.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod dependencies;
mod form;
mod source;

use std::collections::BTreeSet;
use std::fs;

use dependencies::{dependencies, without_version};
use source::{Source, root, sources};

/// Words that may stand in some places only.
struct Rule {
    words: &'static [&'static str],
    /// A folder of the repository.
    within: &'static str,
    /// Files and folders in it where the words may stand.
    except: &'static [&'static str],
    reason: &'static str,
}

const RULES: [Rule; 10] = [
    Rule {
        words: &["tfplugin"],
        within: "provider/framework/src",
        except: &["server", "wire"],
        reason: "the plan engine and the traits must outlive a version of the protocol: only the wire and the server know it",
    },
    Rule {
        words: &["tfplugin"],
        within: "provider/src",
        except: &[],
        reason: "the protocol is the framework's business",
    },
    Rule {
        words: &["env::"],
        within: "provider/src",
        except: &["aws/environment.rs", "home.rs", "vsphere/environment.rs"],
        reason: "what a plan depends on must stand in the configuration; the user's folders and logins are the exception",
    },
    Rule {
        words: &["env::"],
        within: "provider/framework/src",
        except: &["server"],
        reason: "the environment belongs to the handshake and the log level",
    },
    Rule {
        words: &["sleep(", "sleep_until(", "time::interval", "sleep;"],
        within: "provider/src",
        except: &["retry.rs", "vsphere/reads.rs"],
        reason: "a pause must be cancellable, know the deadline and tell what it waits for: use `cx.wait`",
    },
    Rule {
        words: &["sleep(", "sleep_until(", "time::interval", "sleep;"],
        within: "provider/framework/src",
        except: &["context/wait.rs", "operations/task.rs", "server"],
        reason: "the plan engine knows no clock, and operations wait in one place only: `Scope::wait`",
    },
    Rule {
        words: &["Instant", "SystemTime", "tokio", "fs::", "net::"],
        within: "provider/framework/src/lifecycle",
        except: &[],
        reason: "the core makes a plan several times in several processes, and each must come out the same",
    },
    Rule {
        words: &[
            "kube::Client",
            "hyper::client",
            "hyper_util::",
            "portforward(",
            "reqwest::Client",
            "reqwest::{",
            "tokio::net",
            "fs::",
            "process::Command",
            "process::{",
        ],
        within: "provider/src",
        except: &[
            "kubernetes/client.rs",
            "kubernetes/connection.rs",
            "cht/https.rs",
            "cht/port_forward",
            "k3s/program/",
            "ssh/dial.rs",
            "ssh/route.rs",
            "ssh/upload.rs",
            "vsphere/http.rs",
        ],
        reason: "only a platform's client does I/O, so that all of the rest can be tested with values; nothing is shelled out to",
    },
    Rule {
        words: &["stdout()", "println!", "print!"],
        within: "provider",
        except: &["framework/src/server.rs"],
        reason: "stdout carries the handshake line and nothing else, or the core cannot start the provider",
    },
    Rule {
        words: &["anyhow"],
        within: "provider",
        except: &[],
        reason: "a failure that users read says which step failed: a variant of an `Error`, not a text",
    },
];

#[test]
fn words_of_a_layer_stay_in_it() {
    let mut breaches = Vec::new();
    for rule in &RULES {
        let sources = sources(rule.within);
        for except in rule.except {
            let path = format!("{}/{except}", rule.within);
            assert!(
                sources.iter().any(|source| source.path.starts_with(&path)),
                "{path} is excepted from a rule, but is not there"
            );
        }
        for source in &sources {
            let inner = source.path.trim_start_matches(rule.within).trim_start_matches('/');
            if rule.except.iter().any(|except| inner.starts_with(except)) {
                continue;
            }
            for (number, line) in &source.lines {
                if let Some(word) = rule.words.iter().find(|word| line.contains(*word)) {
                    breaches.push(format!("{}:{number} names `{word}`: {}", source.path, rule.reason));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// The layers that all platforms may use: the ways into a cluster and to a host.
const SHARED: [&str; 2] = ["kubernetes", "ssh"];

#[test]
fn platforms_meet_in_values_and_share_only_the_ways_to_clusters_and_hosts() {
    let platforms: BTreeSet<String> = fs::read_dir(root().join("provider/src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(
        SHARED.iter().all(|shared| platforms.contains(*shared)) && platforms.contains("cht"),
        "{platforms:?}"
    );
    let mut breaches = Vec::new();
    for platform in &platforms {
        // What is shared knows nothing of who shares it, nor of the other.
        let may_use: &[&str] = if SHARED.contains(&platform.as_str()) {
            &[]
        } else {
            &SHARED
        };
        let others = platforms
            .iter()
            .filter(|other| *other != platform && !may_use.contains(&other.as_str()));
        let forbidden: Vec<String> = others.map(|other| format!("crate::{other}")).collect();
        for source in sources(&format!("provider/src/{platform}")) {
            for (number, line) in &source.lines {
                if let Some(word) = forbidden.iter().find(|word| line.contains(*word)) {
                    breaches.push(format!("{}:{number} names {word}", source.path));
                }
            }
        }
    }
    assert!(
        breaches.is_empty(),
        "a platform takes what it needs of another as a value (`kubernetes`, an address, an id), so that each can be used \
         and tested without the others:\n{}",
        breaches.join("\n")
    );
}

#[test]
fn the_framework_depends_on_no_platform() {
    let reached = dependencies("tf-framework");
    assert!(reached.contains("tonic"), "the graph was not read: {reached:?}");
    let forbidden = |name: &String| {
        [
            "k8s-",
            "kube",
            "aws-config",
            "aws-sdk",
            "reqwest",
            "russh",
            "quick-xml",
            "terraform-provider",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    };
    let found: Vec<&String> = reached.iter().filter(|name| forbidden(name)).collect();
    assert!(
        found.is_empty(),
        "tf-framework is for any provider: it knows Terraform and no cloud, no Kubernetes, no HTTP API, yet it depends on \
         {found:?}"
    );
}

#[test]
fn the_framework_and_what_it_is_made_of_can_be_packaged() {
    let sources = ["proto/src", "provider/framework/src", "provider/framework/derive/src"];
    let borrowed: Vec<String> = sources
        .iter()
        .flat_map(|folder| source::files(folder))
        .filter(|path| {
            fs::read_to_string(root().join(path))
                .unwrap()
                .contains("#[path = \"../")
        })
        .collect();
    assert!(
        borrowed.is_empty(),
        "a package has its own files only, so these would not compile once they are published: {borrowed:?}"
    );
    for package in ["tfplugin", "tf-framework-derive", "tf-framework"] {
        let found = without_version(package);
        assert!(
            found.is_empty(),
            "a published package finds others by their versions, and {package} gives none for {found:?}"
        );
    }
}

#[test]
fn the_fuzz_targets_are_held_to_the_lints_of_everything_else() {
    let lints = |manifest: &str, table: &str| -> Vec<String> {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let (_, rest) = text.split_once(&format!("[{table}]\n")).unwrap();
        rest.lines()
            .take_while(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let everywhere = lints("Cargo.toml", "workspace.lints.clippy");
    let of_fuzz = lints("provider/framework/fuzz/Cargo.toml", "lints.clippy");
    assert_eq!(
        of_fuzz, everywhere,
        "a workspace cannot take its lints from another one"
    );
}

#[test]
fn the_architecture_names_what_is_there() {
    let architecture = fs::read_to_string(root().join("provider/ARCHITECTURE.md")).unwrap();
    let folders = [
        "",
        "acceptance-tests",
        "provider/framework",
        "provider/framework/src",
        "provider/src",
        "provider/src/aws",
        "provider/src/cht",
        "provider/src/cht/instance",
        "provider/src/k3s",
        "provider/src/kubernetes",
        "provider/src/ssh",
        "provider/src/vsphere",
        "provider/src/vsphere/virtual_machine",
    ];
    let missing: Vec<&str> = architecture
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| [".rs", ".md", ".toml", "/"].iter().any(|end| name.ends_with(end)))
        .filter(|name| !folders.iter().any(|folder| root().join(folder).join(name).exists()))
        .collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md names what is not there: {missing:?}"
    );
    let lines = architecture.lines().count();
    assert!(
        lines <= 200,
        "ARCHITECTURE.md is read at one go by who is new: {lines} lines"
    );
}

#[test]
fn what_is_there_is_in_the_architecture() {
    let architecture = fs::read_to_string(root().join("provider/ARCHITECTURE.md")).unwrap();
    for folder in ["provider/framework/src", "provider/src"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        for name in names.filter(|name| name.ends_with(".rs") && name != "lib.rs" && name != "main.rs") {
            let its_folder = format!("{}/`", name.trim_end_matches(".rs"));
            let is_named = architecture.contains(&format!("`{name}`")) || architecture.contains(&its_folder);
            assert!(is_named, "ARCHITECTURE.md says nothing of {folder}/{name}");
        }
    }
}

#[test]
fn every_dependency_is_explained() {
    let contributing = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let (_, table) = contributing.split_once("## Dependencies").unwrap();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let unexplained: Vec<&str> = section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.contains("path = "))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| {
            let words = || {
                table
                    .lines()
                    .take_while(|line| !line.starts_with("## "))
                    .filter(|line| line.starts_with('|'))
                    .flat_map(|line| line.split([' ', ',']))
            };
            !words().any(|word| word == *name)
        })
        .collect();
    assert!(
        unexplained.is_empty(),
        "a dependency must be explainable in half a sentence of CONTRIBUTING.md; these have none: {unexplained:?}"
    );
}

#[test]
fn every_error_module_answers_questions_with_all_variants() {
    let errors: Vec<Source> = sources("provider")
        .into_iter()
        .filter(|source| source.path.ends_with("/error.rs"))
        .collect();
    assert!(errors.len() >= 2, "the error modules were not found");
    for source in errors {
        assert!(
            source.text.contains("#![warn(clippy::wildcard_enum_match_arm)]"),
            "{} does not turn on wildcard_enum_match_arm: whoever adds a variant must be asked what it means for \
             `is_retryable` and the like",
            source.path
        );
    }
}
