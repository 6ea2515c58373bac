//! What the user who is logged in may do to objects: asked once, and remembered as long as the process lives.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use tokio::sync::Mutex;

use super::super::error::Error;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::super::xml::Element;

/// What was asked, and what is to be asked.
#[derive(Default)]
pub(in crate::vsphere) struct Granted {
    /// The granted ones of all privileges that are ever asked about, by object.
    known: Mutex<HashMap<Reference, BTreeSet<String>>>,
    /// What whoever asks next is to ask about.
    wanted: std::sync::Mutex<BTreeSet<Reference>>,
}

impl VCenter {
    /// Which of all the privileges in `asked` the user has on each of some objects. `asked` is the same at each call,
    /// so that one call serves all that is planned in the same place. While one asks, the others wait, and the next one
    /// asks for all of them.
    pub(in crate::vsphere) async fn granted(
        &self,
        objects: &[Reference],
        asked: &BTreeSet<&str>,
    ) -> Result<HashMap<Reference, BTreeSet<String>>, Error> {
        let grants = self.grants();
        let wanted = || grants.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted().extend(objects.iter().cloned());
        let mut known = grants.known.lock().await;
        if objects.iter().any(|object| !known.contains_key(object)) {
            let mut unknown = std::mem::take(&mut *wanted());
            unknown.extend(objects.iter().cloned());
            unknown.retain(|object| !known.contains_key(object));
            let manager = self.service().await?.authorization_manager;
            let method = manager
                .call("HasPrivilegeOnEntities")
                .with_all(unknown.iter().map(|object| object.element("entity")))
                .value("sessionId", self.session_key().await?)
                .with_all(asked.iter().map(|id| Element::new("privId").with_text(id)));
            let answer = self.call(&method).await?;
            known.extend(answer.all("returnval").filter_map(read));
        }
        let of = |object: &Reference| Some((object.clone(), known.get(object)?.clone()));
        Ok(objects.iter().filter_map(of).collect())
    }
}

/// An object, and what is granted on it (`EntityPrivilege`).
fn read(answer: &Element) -> Option<(Reference, BTreeSet<String>)> {
    let granted = answer.all("privAvailability").filter(|one| one.is_true("isGranted"));
    let ids = granted.filter_map(|one| one.text_of("privId")).map(str::to_owned);
    Some((Reference::read(answer.child("entity")?)?, ids.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_granted_counts() {
        let folder = Reference::new("Folder", "group-v3");
        let privilege = |id: &str, granted: bool| {
            Element::new("privAvailability")
                .value("privId", id)
                .value("isGranted", granted)
        };
        let answer = Element::new("returnval")
            .with(folder.element("entity"))
            .with(privilege("Folder.Create", false))
            .with(privilege("Network.Assign", true));
        assert_eq!(read(&answer), Some((folder, ["Network.Assign".to_owned()].into())));
    }
}
