//! Puts an [`ObjectSet`] into a cluster by
//! [server-side apply](https://kubernetes.io/docs/reference/using-api/server-side-apply/).
//!
//! What server-side apply does, and what follows for us. The server keeps, for each field, which manager set it. Our
//! apply owns exactly the fields that we send: a field that we stop sending disappears. Whoever *changes* a field of
//! ours by any other write (`kubectl set image`, `kubectl edit`) takes it over, so that our next apply of the old value
//! is a conflict, although nothing changed in the configuration. There are therefore two ways to apply:
//! - [`Apply::Careful`] never overwrites what others own, and a conflict names each field and its manager. For
//!   creation, and for changes when the plan saw no drift.
//! - [`Apply::Repair`] forces, and removes what others added inside our lists (an extra environment variable is a list
//!   item that *they* own, so no apply of ours would ever remove it). For drift that the plan showed: who approved the
//!   plan approved taking the fields back.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::RoleBinding;
use serde_json::Value;
use tracing::debug;

use super::client::{Cluster, in_parallel};
use super::delete::Remaining;
use super::drift::removal_patch;
use super::error::Error;
use super::kind::Kind;
use super::object::{Object, ObjectKey};
use super::ownership::{MANAGED_BY_LABEL, MANAGER, OWNER_LABEL, OwnerId};
use super::read::{Found, LiveObject};
use super::request::Patch;

/// How often a removal is computed anew because the list changed meanwhile.
const PRUNE_TRIES: usize = 4;

/// The objects of one resource, in the order in which they are made.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectSet {
    owner: OwnerId,
    phases: Vec<Vec<Object>>,
}

impl ObjectSet {
    /// Makes a set and marks its objects. A phase starts when all objects of the one before are applied; within a phase
    /// the order is free.
    pub fn new(owner: OwnerId, phases: Vec<Vec<Object>>) -> Self {
        let mut set = Self { owner, phases };
        for object in set.phases.iter_mut().flatten() {
            object.set_label(MANAGED_BY_LABEL, MANAGER);
            object.set_label(OWNER_LABEL, set.owner.as_str());
        }
        set
    }

    /// The owner whose marks the objects carry.
    pub fn owner(&self) -> &OwnerId {
        &self.owner
    }

    /// The phases, first to last.
    pub fn phases(&self) -> &[Vec<Object>] {
        &self.phases
    }

    /// The phases as they are, to make another set of.
    pub fn into_phases(self) -> Vec<Vec<Object>> {
        self.phases
    }

    /// All objects, in order.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.phases.iter().flatten()
    }

    /// Whether the set has an object of this key.
    pub fn contains(&self, key: &ObjectKey) -> bool {
        self.objects().any(|object| object.key() == key)
    }

    /// The kinds of the objects, each once.
    pub fn kinds(&self) -> Vec<Kind> {
        self.objects()
            .map(|object| object.key().kind)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// The namespaces that the objects live in, each once.
    pub fn namespaces(&self) -> Vec<String> {
        self.objects()
            .filter_map(|object| object.key().namespace.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

/// How to treat what others did to our objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apply {
    /// A field that another manager owns is an error.
    Careful,
    /// Our fields are taken back, and what others added inside our lists is removed.
    Repair,
}

/// What a dry run found.
#[derive(Debug, Default)]
pub struct DryRun {
    /// What the server would refuse, by object.
    pub rejected: Vec<(ObjectKey, Error)>,
    /// What could not be tried, because its namespace is not there yet.
    pub skipped: Vec<ObjectKey>,
}

impl Cluster {
    /// Applies a set, phase by phase, after checking that nothing in the way belongs to somebody else. Returns the
    /// objects as they are now.
    ///
    /// # Errors
    /// An object is not ours ([`Error::Taken`] names all of them, and nothing was changed), a field is owned by another
    /// manager, or the server refuses an object. All objects of a phase are tried, so that all its errors are reported.
    pub async fn apply(&self, set: &ObjectSet, how: Apply) -> Result<Found, Error> {
        self.check_ownership(set, &Found::default()).await?;
        let mut found = Vec::new();
        for phase in &set.phases {
            found.extend(self.apply_phase(phase, how).await?);
        }
        Ok(found.into_iter().collect())
    }

    /// Applies the objects of one phase of a set, for callers that wait between phases. They check the ownership of the
    /// whole set first ([`Cluster::check_ownership`]), so that nothing is begun that cannot be finished.
    ///
    /// # Errors
    /// As [`Cluster::apply`], but for the ownership.
    pub async fn apply_phase(&self, phase: &[Object], how: Apply) -> Result<Vec<LiveObject>, Error> {
        let results = in_parallel(phase.iter().map(|object| self.apply_object(object, how)).collect()).await;
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for result in results {
            match result {
                Ok(live) => found.push(live),
                Err(error) => errors.push(error),
            }
        }
        match Error::from_many(errors) {
            Some(error) => Err(error),
            None => Ok(found),
        }
    }

    /// Checks that every object of the set is either not there, or ours, or may be adopted. What was just `found` to be
    /// ours is not read again; the others cost one small read for each namespace, and one for each object in those that
    /// are there.
    ///
    /// # Errors
    /// [`Error::Taken`] names every object that is somebody else's, and whose.
    pub async fn check_ownership(&self, set: &ObjectSet, found: &Found) -> Result<(), Error> {
        let is_ours = |object: &Object| found.get(object.key()).is_some_and(|live| set.owner.owns(live));
        if set.objects().all(is_ours) {
            return Ok(());
        }
        let absent = self.absent_namespaces(set).await?;
        let may_exist: Vec<_> = set
            .objects()
            .filter(|object| !is_ours(object))
            .filter(|object| !is_in(object, &absent))
            .collect();
        let mut taken = Vec::new();
        let lives = in_parallel(may_exist.iter().map(|object| self.get(object.key())).collect()).await;
        for (object, live) in may_exist.iter().zip(lives) {
            if let Some(live) = live? {
                taken.extend(set.owner.refusal(&LiveObject::from_json(live)?, object.adopt()));
            }
        }
        if taken.is_empty() {
            Ok(())
        } else {
            Err(Error::Taken(taken))
        }
    }

    /// Asks the server what it would say to an apply of the whole set, admission included, without changing anything.
    /// Objects whose namespace is not there yet cannot be tried and are listed as skipped. Whose the objects are is not
    /// asked: that is [`Cluster::check_ownership`].
    ///
    /// # Errors
    /// The cluster does not answer, or refuses the credentials. What it says to an object is in the result instead.
    pub async fn dry_run(&self, set: &ObjectSet, how: Apply) -> Result<DryRun, Error> {
        let absent = self.absent_namespaces(set).await?;
        let (skipped, tried): (Vec<_>, Vec<_>) = set.objects().partition(|object| is_in(object, &absent));
        let query = format!("{}&dryRun=All", query(how));
        let calls = tried
            .iter()
            .map(|object| self.patch(object.key(), Patch::Apply, &query, object.json()))
            .collect();
        let answers = in_parallel(calls).await;
        let mut result = DryRun {
            skipped: skipped.iter().map(|object| object.key().clone()).collect(),
            ..DryRun::default()
        };
        for (object, answer) in tried.iter().zip(answers) {
            match answer {
                Ok(_) => {}
                // The role that it binds may come in the same apply, and then cannot be looked up yet.
                Err(error) if error.is_not_found() && object.key().kind == Kind::namespaced::<RoleBinding>() => {}
                // So may the definition of its kind.
                Err(_) if !self.serves(object.key().kind).await? => {}
                Err(error) if error.is_about_object() => result.rejected.push((object.key().clone(), error)),
                Err(error) => return Err(error),
            }
        }
        Ok(result)
    }

    /// Tells which of the namespaces of a set are being deleted: until they are gone, nothing can be made in them.
    ///
    /// # Errors
    /// A namespace cannot be read.
    pub async fn namespaces_being_deleted(&self, set: &ObjectSet) -> Result<Vec<Remaining>, Error> {
        let mut leaving = Vec::new();
        for namespace in set.namespaces() {
            let key = ObjectKey::cluster::<k8s_openapi::api::core::v1::Namespace>(&namespace);
            if let Some(live) = self.get(&key).await?.map(LiveObject::from_json).transpose()?
                && live.is_being_deleted()
            {
                leaving.push(Remaining::of(&live));
            }
        }
        Ok(leaving)
    }

    async fn apply_object(&self, object: &Object, how: Apply) -> Result<LiveObject, Error> {
        let live = self
            .patch(object.key(), Patch::Apply, &query(how), object.json())
            .await?;
        debug!(object = %object.key(), "applied Kubernetes object");
        match how {
            Apply::Careful => LiveObject::from_json(live),
            Apply::Repair => self.prune_extras(object, live).await,
        }
    }

    /// Removes what others added inside our lists. A JSON patch addresses list items by position, so each removal first
    /// tests that the item is still the one that was seen; if not, the server refuses and it is computed anew.
    async fn prune_extras(&self, object: &Object, mut live: Value) -> Result<LiveObject, Error> {
        let mut tries = 0;
        // The bound also ends a tug-of-war with a controller that puts its item back at once; the next plan shows it.
        while tries < PRUNE_TRIES
            && let Some(patch) = removal_patch(object.json(), &live)
        {
            tries += 1;
            let query = format!("fieldManager={MANAGER}");
            live = match self.patch(object.key(), Patch::Json, &query, &patch).await {
                Ok(live) => live,
                // The object was there a moment ago; if it is gone now, the next plan shows it.
                Err(Error::Rejected { .. } | Error::Conflict { .. }) if tries < PRUNE_TRIES => {
                    self.get(object.key()).await?.unwrap_or(live)
                }
                Err(error) => return Err(error),
            };
        }
        LiveObject::from_json(live)
    }

    async fn absent_namespaces(&self, set: &ObjectSet) -> Result<BTreeSet<String>, Error> {
        let mut absent = BTreeSet::new();
        for namespace in set.namespaces() {
            let key = ObjectKey::cluster::<k8s_openapi::api::core::v1::Namespace>(&namespace);
            let live = self.get(&key).await?.map(LiveObject::from_json).transpose()?;
            // Nothing can be made in one that is being deleted, and all that is in it goes.
            if live.is_none_or(|live| live.is_being_deleted()) {
                absent.insert(namespace);
            }
        }
        Ok(absent)
    }
}

/// Whether the object lives in one of these namespaces.
fn is_in(object: &Object, namespaces: &BTreeSet<String>) -> bool {
    let namespace = object.key().namespace.as_ref();
    namespace.is_some_and(|namespace| namespaces.contains(namespace))
}

/// `fieldValidation=Strict` turns a mistyped field into an error instead of dropping it silently.
fn query(how: Apply) -> String {
    let force = match how {
        Apply::Careful => false,
        Apply::Repair => true,
    };
    format!("fieldManager={MANAGER}&force={force}&fieldValidation=Strict")
}

#[cfg(test)]
mod tests;
