//! Changing the administrator's password: in CouchDB first, then in the Secret, then in the services that use it.
//!
//! CouchDB keeps its own password whatever the Secret says, and there may be no state of the change: a provider may be
//! killed between any two steps. So what the password is changed from and to stands in a Secret of its own while that
//! goes on, and CouchDB is asked which of the passwords it has.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use secrecy::{ExposeSecret, SecretString};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::client::{Client, Credentials as Login};
use crate::cht::instance::credentials::Known;
use crate::cht::instance::live::application;
use crate::cht::instance::model::{Couchdb, InstanceModel};
use crate::cht::instance::objects::secret;
use crate::cht::instance::patience::Patience;
use crate::cht::instance::{InstanceResource, desired};
use crate::cht::password::{Change, Step};
use crate::cht::port_forward::PortForwardTransport;
use crate::kubernetes::{Access, Apply, Found, Object, ObjectKey, ObjectSet};

/// The Secret that is there while a password is being changed.
const NAME: &str = "terraform-provider-cht-rotation";
const FROM: &str = "from";
const TO: &str = "to";

/// The credentials that an update is to bring: those of the plan, or else those that there are. A write-only password
/// counts only with another version than before, or where there is no other.
pub(super) fn wanted(prior: &InstanceModel, plan: &InstanceModel, live: &Known) -> Known {
    let given = &plan.couchdb;
    let is_told = given.admin_password_wo_version != prior.couchdb.admin_password_wo_version;
    let is_kept = given.admin_password_wo.get().is_some() && !is_told;
    let planned = Known::of(given);
    if is_kept && live.admin_password.is_some() {
        let others = Known {
            admin_password: live.admin_password.clone(),
            ..planned
        };
        return others.or(Known::of(&prior.couchdb)).or(live.clone());
    }
    planned.or(Known::of(&prior.couchdb)).or(live.clone())
}

/// The change of a password that an update has to make.
pub(super) struct Rotation<'a> {
    prior: &'a InstanceModel,
    change: Change,
}

impl<'a> Rotation<'a> {
    /// The change to this password, if it is one or an earlier one was not finished.
    pub(super) fn needed(
        prior: &'a InstanceModel,
        wanted: &SecretString,
        live: &Known,
        found: &Found,
    ) -> Option<Rotation<'a>> {
        let interrupted = found.get(&key(&prior.namespace));
        let stored = Known::of(&prior.couchdb).admin_password;
        let current = live.admin_password.as_ref().or(stored.as_ref());
        let is_same = current.is_none_or(|current| current.expose_secret() == wanted.expose_secret());
        if is_same && interrupted.is_none() {
            return None;
        }
        let noted = |entry: &str| secret::entry(interrupted?.json(), entry);
        let known = [live.admin_password.clone(), noted(TO), noted(FROM), stored];
        let couchdb = prior.couchdb.spec();
        let others = couchdb.members().skip(1).map(|member| {
            let InstanceModel {
                namespace,
                cluster_domain,
                ..
            } = prior;
            format!("couchdb@{}.{namespace}.svc.{cluster_domain}", member.component())
        });
        Some(Rotation {
            prior,
            change: Change {
                user: prior.couchdb.admin_user.clone(),
                wanted: wanted.clone(),
                candidates: distinct(known.into_iter().flatten()),
                others: others.collect(),
            },
        })
    }

    /// Brings the password to CouchDB. From then on, only those who know it are let in.
    pub(super) async fn run(&self, cx: &Context<InstanceResource>, access: &Access) -> Result<(), Diagnostics> {
        let what = "CouchDB to take the new password";
        let patience = Patience::of_start(self.prior);
        cx.wait(what, Backoff::QUICK, || async {
            let connect = |login| self.client(cx, access, login);
            let status = match self.change.advance(connect).await {
                Ok(Step::Done) => return Ok(Progress::Ready(())),
                Ok(Step::Unknown) => return Err(unknown()),
                Ok(Step::Pending(status)) => status,
                Ok(Step::Has(current)) => {
                    self.note(access, &current).await?;
                    tracing::info!("changing the password of CouchDB's administrator");
                    match self.change.make(&current, connect).await {
                        Ok(()) => "the new password was set".to_owned(),
                        // It may have been set all the same, which the next look tells.
                        Err(error) => application::status(&error)?,
                    }
                }
                Err(error) => application::status(&error)?,
            };
            patience.check(what, &status)?;
            Ok(Progress::Pending(status))
        })
        .await
    }

    /// Writes down what is about to be changed.
    async fn note(&self, access: &Access, from: &SecretString) -> Result<(), Diagnostics> {
        let value = |password: &SecretString| ByteString(password.expose_secret().as_bytes().to_vec());
        let entries = [(FROM, value(from)), (TO, value(&self.change.wanted))];
        let note = Secret {
            metadata: ObjectMeta {
                name: Some(NAME.to_owned()),
                namespace: Some(self.prior.namespace.clone()),
                ..ObjectMeta::default()
            },
            type_: Some("Opaque".to_owned()),
            data: Some(entries.map(|(name, value)| (name.to_owned(), value)).into()),
            ..Secret::default()
        };
        let note = Object::from_typed(&note)
            .map_err(|error| Diagnostic::bug(format!("The change of the password cannot be noted: {error}.")))?;
        let set = ObjectSet::new(desired::owner(&self.prior.namespace)?, vec![vec![note]]);
        let noted = access.cluster.apply(&set, Apply::Careful).await;
        noted
            .map(|_| ())
            .map_err(access.explain("Unable to note the change of the password"))
    }

    /// A client of CouchDB's first node, for one look.
    fn client(&self, cx: &Context<InstanceResource>, access: &Access, login: Login) -> Client<PortForwardTransport> {
        let (namespace, domain) = (&self.prior.namespace, &self.prior.cluster_domain);
        let couchdb = self.prior.couchdb.spec();
        let first = couchdb
            .members()
            .next()
            .map_or_else(String::new, |first| first.component());
        let forwards = cx.clients().forwards();
        let transport = PortForwardTransport::to_couchdb(forwards, &access.cluster, namespace, domain, &first);
        Client::new(transport, Some(login))
    }
}

fn key(namespace: &str) -> ObjectKey {
    ObjectKey::namespaced::<Secret>(namespace, NAME)
}

fn distinct(passwords: impl Iterator<Item = SecretString>) -> Vec<SecretString> {
    let mut seen = BTreeMap::new();
    let mut distinct = Vec::new();
    for password in passwords {
        if seen.insert(password.expose_secret().to_owned(), ()).is_none() {
            distinct.push(password);
        }
    }
    distinct
}

fn unknown() -> Diagnostics {
    Diagnostic::error(
        "CHT refuses the admin password",
        "The password cannot be changed: CouchDB accepts neither the one that is configured nor any that this instance is known \
         to have had. Was it changed in CouchDB by hand? Then give that one in `admin_password` or `admin_password_wo`, apply, and \
         change it after that.",
    )
    .at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::ADMIN_PASSWORD))
    .into()
}

#[cfg(test)]
mod tests;
