//! The text of an instance's configuration.

/// The text of an instance's configuration.
#[derive(Clone)]
pub(crate) struct Instance {
    namespace: String,
    couchdb: String,
    body: String,
}

impl Instance {
    pub(crate) fn new(namespace: &str) -> Self {
        let body = "deletion_protection = false\nretain_volumes = false\n".to_owned();
        Instance {
            namespace: namespace.to_owned(),
            couchdb: String::new(),
            body,
        }
    }

    /// With the protections that instances have by default.
    pub(crate) fn protected(mut self) -> Self {
        self.body.clear();
        self
    }

    /// With further lines in `couchdb`.
    pub(crate) fn couchdb(mut self, lines: &str) -> Self {
        self.couchdb.push_str(lines);
        self
    }

    /// With further lines.
    pub(crate) fn with(mut self, lines: &str) -> Self {
        self.body.push_str(lines);
        self.body.push('\n');
        self
    }

    /// The configuration, reaching the cluster in this way; without one, in the provider's.
    pub(crate) fn hcl(&self, kubernetes: &str) -> String {
        let Instance {
            namespace,
            couchdb,
            body,
        } = self;
        let way = if kubernetes.is_empty() {
            String::new()
        } else {
            format!("kubernetes = {kubernetes}")
        };
        let size = if couchdb.contains("storage_size") {
            ""
        } else {
            "storage_size = \"1Gi\""
        };
        let version = if body.contains("cht_version") {
            ""
        } else {
            "cht_version = \"5.3.1\""
        };
        format!(
            "resource \"cht_instance\" \"test\" {{
               namespace = \"{namespace}\"
               {version}
               host = \"{namespace}.health.example\"
               {way}
               couchdb = {{
                 {size}
                 {couchdb}
               }}
               {body}
             }}"
        )
    }
}
