//! The name of a call: what it is about, and the how manieth of its kind it is. Unlike its place among all calls, that
//! is the same in every run, though some calls are made at the same time and others are repeated until something has
//! come about.

use std::fmt;

use http::{Method, Request};

/// What the end of a name says of a call that only tries.
const DRY_RUN: &str = " (dry run)";

/// A call. Names of namespaces, and names that the cluster has chosen, are left out.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Call {
    /// What is called, such as `PATCH namespaces/*/services/api`.
    pub what: String,
    /// How often that was called, this time included.
    pub nth: usize,
}

impl Call {
    /// Whether it may be made more or less often, until something has come about.
    pub fn is_repeated_look(&self) -> bool {
        self.nth > 1 && !changes(&self.what)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.what, self.nth)
    }
}

/// What a request calls.
pub(super) fn what<B>(request: &Request<B>) -> String {
    let method = request.method();
    let mut name = vec![];
    let mut parent = "";
    // "/api/v1/…" or "/apis/<group>/<version>/…".
    let prefix = if request.uri().path().starts_with("/api/") {
        2
    } else {
        3
    };
    for segment in request.uri().path().trim_matches('/').split('/').skip(prefix) {
        name.push(if matches!(parent, "namespaces" | "pods") {
            "*"
        } else {
            segment
        });
        parent = segment;
    }
    let dry_run = match request.uri().query() {
        Some(query) if method != Method::GET && query.contains("dryRun=All") => DRY_RUN,
        _ => "",
    };
    format!("{method} {}{dry_run}", name.join("/"))
}

/// Whether such a call of the provider changes something. A dry run does not, and what it posts are questions.
pub(super) fn changes(what: &str) -> bool {
    ["PATCH ", "DELETE "].iter().any(|method| what.starts_with(method)) && !what.ends_with(DRY_RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_different_instances_have_the_same_name() {
        for (method, target, expected) in [
            ("GET", "/api/v1/namespaces/cht-1?x=y", "GET namespaces/*"),
            (
                "PATCH",
                "/api/v1/namespaces/cht-1/services/api?force=true",
                "PATCH namespaces/*/services/api",
            ),
            (
                "PATCH",
                "/api/v1/namespaces/n/secrets/s?force=true&dryRun=All",
                "PATCH namespaces/*/secrets/s (dry run)",
            ),
            (
                "GET",
                "/apis/apps/v1/namespaces/n/deployments/d",
                "GET namespaces/*/deployments/d",
            ),
            (
                "GET",
                "/api/v1/namespaces/n/pods/cht-api-6d4/portforward",
                "GET namespaces/*/pods/*/portforward",
            ),
        ] {
            let request = Request::builder().method(method).uri(target).body(()).unwrap();
            assert_eq!(what(&request), expected);
            assert_eq!(changes(expected), expected == "PATCH namespaces/*/services/api");
        }
    }
}
