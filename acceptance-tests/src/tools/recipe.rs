//! How each tool is built: a `go.mod` of our own around a pinned version. The upstream modules carry `replace`
//! directives, which Go honors only in the main module, so `go install …@version` refuses them; a main module of ours
//! repeats them.
//!
//! The builder is in [`super::build`].

/// What to build, and everything that decides what comes out of it.
#[derive(Debug)]
pub struct Recipe {
    /// The tool's name, first part of its cache directory.
    pub tool: &'static str,
    /// The upstream module that is required.
    pub module: &'static str,
    /// Its pinned version.
    pub version: &'static str,
    /// The `go` directive: the language version that upstream asks for.
    pub go: &'static str,
    /// Binary name and the package it is built from.
    pub binaries: &'static [(&'static str, &'static str)],
    /// Further lines of the `go.mod`.
    pub directives: &'static str,
    /// Kubernetes only: the version at which the modules that its own `go.mod` replaces by local folders are published.
    pub staging_version: Option<&'static str>,
    /// A main package of ours, where upstream's own cannot be built from outside: `main.go`, and each further file
    /// after a line `-- name.go --`, as in Go's own archives of texts.
    pub main: Option<&'static str>,
    /// Variables that upstream's own build sets, and their values.
    pub variables: &'static [(&'static str, &'static str)],
}

/// The Kubernetes control plane.
pub const KUBERNETES: Recipe = Recipe {
    tool: "kubernetes",
    module: "k8s.io/kubernetes",
    version: "v1.36.3",
    go: "1.26.0",
    binaries: &[
        ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
        (
            "kube-controller-manager",
            "k8s.io/kubernetes/cmd/kube-controller-manager",
        ),
        ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    ],
    directives: "",
    staging_version: Some("v0.36.3"),
    main: None,
    // Without it, clients cannot parse what the server answers.
    variables: &[("k8s.io/component-base/version.gitVersion", "v1.36.3")],
};

/// The API server's store.
pub const ETCD: Recipe = Recipe {
    tool: "etcd",
    module: "go.etcd.io/etcd/server/v3",
    version: "v3.6.8",
    go: "1.25",
    binaries: &[("etcd", ".")],
    directives: "",
    staging_version: None,
    main: Some(
        "package main\n\nimport (\n\t\"os\"\n\n\t\"go.etcd.io/etcd/server/v3/etcdmain\"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n",
    ),
    variables: &[],
};

/// The command line of Kubernetes, which k3s has inside.
pub const KUBECTL: Recipe = Recipe {
    tool: "kubectl",
    binaries: &[("kubectl", "k8s.io/kubernetes/cmd/kubectl")],
    ..KUBERNETES
};

/// What makes a member's data of a snapshot.
pub const ETCDUTL: Recipe = Recipe {
    tool: "etcdutl",
    module: "go.etcd.io/etcd/etcdutl/v3",
    binaries: &[("etcdutl", "go.etcd.io/etcd/etcdutl/v3")],
    main: None,
    ..ETCD
};

/// The player of nodes and their kubelets.
pub const KWOK: Recipe = Recipe {
    tool: "kwok",
    module: "sigs.k8s.io/kwok",
    version: "v0.8.0",
    go: "1.25",
    binaries: &[("kwok", "sigs.k8s.io/kwok/cmd/kwok")],
    directives: "",
    staging_version: None,
    main: None,
    variables: &[],
};

/// A provider that has nothing but a name, in Go: what every provider costs that is written with HashiCorp's framework.
pub const EMPTY_PROVIDER: Recipe = Recipe {
    tool: "empty-provider",
    module: "github.com/hashicorp/terraform-plugin-framework",
    version: "v1.19.0",
    go: "1.25.0",
    binaries: &[("terraform-provider-empty", ".")],
    directives: "",
    staging_version: None,
    main: Some(include_str!("empty_provider.go")),
    variables: &[],
};

/// OpenTofu. It needs its fork of the configuration language, as its own `go.mod` says.
pub const OPENTOFU: Recipe = Recipe {
    tool: "opentofu",
    module: "github.com/opentofu/opentofu",
    version: "v1.12.6",
    go: "1.26.0",
    binaries: &[("tofu", "github.com/opentofu/opentofu/cmd/tofu")],
    directives: "replace github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 v2.20.2-0.20251021132045-587d123c2828\n",
    staging_version: None,
    main: None,
    // Else it calls itself a development version, which is older than its release.
    variables: &[("github.com/opentofu/opentofu/version.dev", "no")],
};

/// The oldest OpenTofu that the provider is made for. It does not know write-only arguments yet.
pub const OLD_OPENTOFU: Recipe = Recipe {
    version: "v1.10.10",
    go: "1.24.13",
    ..OPENTOFU
};

/// The registries' checker of documentation.
pub const TFPLUGINDOCS: Recipe = Recipe {
    tool: "tfplugindocs",
    module: "github.com/hashicorp/terraform-plugin-docs",
    version: "v0.25.0",
    go: "1.25.8",
    binaries: &[(
        "tfplugindocs",
        "github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs",
    )],
    directives: "",
    staging_version: None,
    main: None,
    variables: &[],
};

/// The judge of encodings: go-cty behind a pipe.
pub const CTY: Recipe = Recipe {
    tool: "cty",
    module: "github.com/zclconf/go-cty",
    version: "v1.19.0",
    go: "1.25",
    binaries: &[("cty", ".")],
    directives: "",
    staging_version: None,
    main: Some(include_str!("cty/main.go")),
    variables: &[],
};

/// The vCenter: govmomi's simulator behind a front of our own.
pub const VCSIM: Recipe = Recipe {
    tool: "vcsim",
    module: "github.com/vmware/govmomi",
    version: "v0.56.0",
    go: "1.25.0",
    binaries: &[("vcsim", ".")],
    directives: "",
    staging_version: None,
    main: Some(concat!(
        include_str!("vcsim/main.go"),
        "-- change.go --\n",
        include_str!("vcsim/change.go"),
        "-- clusters.go --\n",
        include_str!("vcsim/clusters.go"),
        "-- control.go --\n",
        include_str!("vcsim/control.go"),
        "-- corrections.go --\n",
        include_str!("vcsim/corrections.go"),
        "-- destroy.go --\n",
        include_str!("vcsim/destroy.go"),
        "-- faults.go --\n",
        include_str!("vcsim/faults.go"),
        "-- front.go --\n",
        include_str!("vcsim/front.go"),
        "-- guest.go --\n",
        include_str!("vcsim/guest.go"),
        "-- hosts.go --\n",
        include_str!("vcsim/hosts.go"),
        "-- machine.go --\n",
        include_str!("vcsim/machine.go"),
        "-- metadata.go --\n",
        include_str!("vcsim/metadata.go"),
        "-- observe.go --\n",
        include_str!("vcsim/observe.go"),
        "-- permissions.go --\n",
        include_str!("vcsim/permissions.go"),
        "-- schema.go --\n",
        include_str!("vcsim/schema.go"),
        "-- sessions.go --\n",
        include_str!("vcsim/sessions.go"),
        "-- tasks.go --\n",
        include_str!("vcsim/tasks.go"),
        "-- templates.go --\n",
        include_str!("vcsim/templates.go"),
        "-- xml.go --\n",
        include_str!("vcsim/xml.go"),
    )),
    variables: &[],
};

impl Recipe {
    /// The name of the cache directory: tool, version, and a hash of the whole recipe, so that a changed recipe builds
    /// anew.
    pub fn key(&self) -> String {
        key(self.tool, self.version, &format!("{self:?}"))
    }

    /// The `go.mod`, given the `go.mod` of the required module itself.
    pub fn go_mod(&self, upstream: &str) -> String {
        let mut text = format!(
            "module lab\n\ngo {}\n\nrequire {} {}\n{}",
            self.go, self.module, self.version, self.directives
        );
        if let Some(version) = self.staging_version {
            for module in staging_modules(upstream) {
                text.push_str(&format!("replace {module} => {module} {version}\n"));
            }
        }
        text
    }

    /// The files of our main package, by name.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let mut files: Vec<(&'static str, String)> = Vec::new();
        for line in self.main.unwrap_or_default().split_inclusive('\n') {
            let name = line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --\n"));
            match (name, files.last_mut()) {
                (Some(name), _) => files.push((name, String::new())),
                (None, Some((_, text))) => text.push_str(line),
                (None, None) => files.push(("main.go", line.to_owned())),
            }
        }
        files
    }

    /// What the linker is told: no debug information, and the variables.
    pub fn linker_flags(&self) -> String {
        let variables = self.variables.iter().map(|(name, value)| format!(" -X {name}={value}"));
        ["-s -w".to_owned()].into_iter().chain(variables).collect()
    }
}

/// The name of a directory in the cache: a hash of everything that decides what is in it comes last.
pub(crate) fn key(tool: &str, version: &str, recipe: &str) -> String {
    format!("{tool}-{version}-{:08x}", fnv1a(recipe) as u32)
}

/// The modules that an upstream `go.mod` replaces by folders of its own repository.
fn staging_modules(go_mod: &str) -> impl Iterator<Item = &str> {
    go_mod.lines().filter_map(|line| {
        let (module, target) = line.trim().split_once(" => ")?;
        target.starts_with("./staging/").then_some(module)
    })
}

/// A hash that stays the same between compilers, which the standard library's does not promise.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_tool_and_version() {
        let key = ETCD.key();
        let hash = key.strip_prefix("etcd-v3.6.8-").expect("tool and version come first");
        assert_eq!(hash.len(), 8);
        assert_eq!(key, ETCD.key());
    }

    #[test]
    fn key_changes_with_any_part_of_the_recipe() {
        let changed = Recipe {
            directives: "replace a => b v1.0.0\n",
            ..ETCD
        };
        assert_ne!(changed.key(), ETCD.key());
    }

    #[test]
    fn go_mod_repeats_staging_replaces_at_their_published_version() {
        let upstream =
            "module k8s.io/kubernetes\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tother => ../x\n)\n";
        let go_mod = KUBERNETES.go_mod(upstream);
        assert_eq!(
            go_mod,
            "module lab\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v1.36.3\nreplace k8s.io/api => k8s.io/api v0.36.3\n"
        );
    }

    #[test]
    fn main_package_is_one_file_or_several() {
        let names = |recipe: &Recipe| recipe.files().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&KWOK), [""; 0]);
        assert_eq!(names(&CTY), ["main.go"]);
        assert_eq!(names(&VCSIM)[..2], ["main.go", "change.go"]);
        for (name, text) in VCSIM.files() {
            assert_eq!(text.matches("package main\n").count(), 1, "{name}");
        }
    }

    #[test]
    fn linker_flags_set_the_variables() {
        assert_eq!(
            KUBERNETES.linker_flags(),
            "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3"
        );
        assert_eq!(KWOK.linker_flags(), "-s -w");
    }
}
