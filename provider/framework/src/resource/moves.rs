//! Moves: taking over objects that were managed as another type of resource, often of another provider.
//!
//! The user writes a `moved` block, and the core asks the new type whether it understands the old state. That is all
//! that happens: no object changes, and the core reads it next.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::resource::Resource;
use crate::resource::stored::{Stored, StoredObject};

/// The public registries, which hold the same providers.
const REGISTRIES: [&str; 2] = ["registry.opentofu.org", "registry.terraform.io"];

/// A type of resource from which the resource `R` takes over, and how.
///
/// A provider in a public registry is named without its host, such as `hashicorp/helm`: it does not matter from which
/// of the registries it came. Any other is named with it, such as `example.com/medic/helm`.
pub struct Move<R: Resource> {
    provider: &'static str,
    type_name: &'static str,
    versions: RangeInclusive<i64>,
    way: Box<Way<R>>,
}

type Way<R> = dyn Fn(&MoveSource<'_>) -> Result<Moved<R>, Diagnostics> + Send + Sync;

/// What is to be taken over.
#[derive(Clone, Copy)]
pub struct MoveSource<'a> {
    /// The address of the provider that wrote the state, with its host.
    pub provider_address: &'a str,
    /// The type of the resource there.
    pub type_name: &'a str,
    /// The version of the schema there.
    pub schema_version: i64,
    /// The state.
    pub state: StoredObject<'a>,
    /// What was kept beside the state, in whatever form.
    pub private: &'a [u8],
    /// The identity, if there is one and the core passes it on.
    pub identity: Option<StoredObject<'a>>,
    /// The version of the identity's schema.
    pub identity_version: i64,
}

/// What a state becomes.
#[derive(Debug)]
pub struct Moved<R: Resource> {
    pub(crate) model: R::Model,
    pub(crate) private: Option<R::Private>,
}

impl<R: Resource> Move<R> {
    /// From a copy of the model there, as far as it is of interest.
    pub fn new<Old: Stored>(
        provider: &'static str,
        type_name: &'static str,
        way: impl Fn(Old) -> Result<R::Model, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        Move::raw(provider, type_name, move |source| {
            Ok(Moved::new(way(source.state.read()?)?))
        })
    }

    /// From all that the core passes on.
    pub fn raw(
        provider: &'static str,
        type_name: &'static str,
        way: impl Fn(&MoveSource<'_>) -> Result<Moved<R>, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        Move {
            provider,
            type_name,
            versions: 0..=i64::MAX,
            way: Box::new(way),
        }
    }

    /// Only from these versions of the schema there.
    #[must_use]
    pub fn versions(mut self, versions: RangeInclusive<i64>) -> Self {
        self.versions = versions;
        self
    }

    fn understands(&self, source: &MoveSource<'_>) -> bool {
        self.type_name == source.type_name
            && self.versions.contains(&source.schema_version)
            && self.is_of(source.provider_address)
    }

    /// Whether the provider has this address, in one of the registries if it is named without a host. OpenTofu 1.10
    /// gives its last part only.
    fn is_of(&self, address: &str) -> bool {
        self.provider == address
            || self.provider.rsplit('/').next() == Some(address)
            || REGISTRIES
                .iter()
                .any(|registry| address == format!("{registry}/{}", self.provider))
    }
}

impl<R: Resource> Moved<R> {
    /// With this state, and nothing beside it.
    pub fn new(model: R::Model) -> Self {
        Moved { model, private: None }
    }

    /// With this kept beside the state.
    #[must_use]
    pub fn with_private(mut self, private: R::Private) -> Self {
        self.private = Some(private);
        self
    }
}

impl MoveSource<'_> {
    /// What was kept beside the state, where it is JSON of that form.
    ///
    /// # Errors
    /// Fails if it is not.
    pub fn private<T: DeserializeOwned>(&self) -> Result<T, Diagnostics> {
        // The parser's own words may quote what is stored.
        serde_json::from_slice(self.private).map_err(|_| {
            let type_name = self.type_name;
            Diagnostic::bug(format!(
                "What is kept beside the state of the {type_name} has another form."
            ))
            .into()
        })
    }
}

/// Takes over what one of the moves understands.
pub(crate) fn move_state<R: Resource>(moves: &[Move<R>], source: &MoveSource<'_>) -> Result<Moved<R>, Diagnostics> {
    match moves.iter().find(|one| one.understands(source)) {
        Some(one) => (one.way)(source),
        None => Err(refusal(moves, source)),
    }
}

fn refusal<R: Resource>(moves: &[Move<R>], source: &MoveSource<'_>) -> Diagnostics {
    let mut detail = format!(
        "A {} cannot become a {}. Take the old one out of the state with a `removed` block, and import the object as the \
         new one.",
        source.type_name,
        R::TYPE_NAME
    );
    if !moves.is_empty() {
        let (address, version) = (source.provider_address, source.schema_version);
        let known: Vec<String> = moves.iter().map(|one| format!("- {one}")).collect();
        detail.push_str(&format!(
            "\n\nThe state is of version {version} and was written by {address}. What can be taken over:\n{}",
            known.join("\n")
        ));
    }
    Diagnostics::error("Unable to move resource", detail)
}

/// What is wrong with the moves of a resource.
pub(crate) fn lint<R: Resource>(moves: &[Move<R>]) -> Vec<String> {
    let mut problems = Vec::new();
    for one in moves {
        let parts: Vec<&str> = one.provider.split('/').collect();
        if !matches!(parts.len(), 2 | 3) || parts.contains(&"") {
            problems.push(format!(
                "The move from {one} names no provider: `namespace/name`, or `host/namespace/name` outside the registries."
            ));
        }
        if one.versions.is_empty() {
            problems.push(format!("The move from {one} understands no version."));
        }
    }
    problems
}

impl<R: Resource> fmt::Display for Move<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.type_name, self.provider)?;
        match (*self.versions.start(), *self.versions.end()) {
            (0, i64::MAX) => Ok(()),
            (first, i64::MAX) => write!(f, " from version {first}"),
            (first, last) if first == last => write!(f, " of version {first}"),
            (first, last) => write!(f, " of versions {first} to {last}"),
        }
    }
}

impl<R: Resource> fmt::Debug for Move<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Move({self})")
    }
}

impl fmt::Debug for MoveSource<'_> {
    /// Leaves out what may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoveSource")
            .field("provider_address", &self.provider_address)
            .field("type_name", &self.type_name)
            .field("schema_version", &self.schema_version)
            .finish_non_exhaustive()
    }
}
