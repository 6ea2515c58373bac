//! What the user of a program in the cluster has to be allowed in the vCenter, and what of that is not granted.
//!
//! It is asked with that user's own login, which needs no right to ask about others. Without a privilege the program
//! starts all the same, and the claims of the cluster wait for ever.

use std::collections::{BTreeSet, HashMap};

use tf_framework::context::Scope;
use tf_framework::diagnostics::{Diagnostic, error_chain};

use super::super::error::Error;
use super::super::inventory::Kind;
use super::super::reference::Reference;
use super::super::role::presets;
use super::super::vcenter::VCenter;
use super::check::path;
use super::login::VCenterLogin;
use crate::provider::Clients;
use crate::wording::sentence;

/// What every role has: whoever lacks it on an object may not see that.
const SEE: &str = "System.Read";

/// How many objects are named where more lack the same.
const NAMED: usize = 5;

/// A program in the cluster that logs in to the vCenter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vsphere) enum Program {
    CloudProvider,
    CsiDriver,
}

/// The objects that a program works with, as far as they were found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) datacenters: Vec<Reference>,
    /// Those of the nodes, and the hosts that they run on.
    pub(super) machines: Vec<Reference>,
    pub(super) hosts: Vec<Reference>,
}

/// Privileges that belong together, and where they are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Need {
    /// The preset of `cht_vsphere_role` that has them.
    preset: &'static str,
    privileges: BTreeSet<String>,
    on: Vec<Reference>,
    /// Whether one of the objects is enough.
    is_any: bool,
}

/// What the user lacks, at the attribute that holds it. Where the vCenter does not tell, that is a warning.
///
/// # Errors
/// Fails if the operation ends meanwhile.
pub(super) async fn check(
    scope: &Scope<Clients>,
    (program, login): (Program, &VCenterLogin),
    vcenter: &VCenter,
    seen: &Seen,
) -> Result<Option<Diagnostic>, Error> {
    match missing(program, vcenter, seen).await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => return Ok(Some(lacking(&login.user, &told(vcenter, &missing).await))),
        Err(error) if error.is_interrupted() => return Err(error),
        Err(error) => {
            let detail = format!(
                "{}. What the user {} may do was not checked. See to it that it has the roles that the documentation of the resource \
                 names.",
                sentence(&error_chain(&error)),
                login.user
            );
            scope.warn(Diagnostic::warning("Privileges were not checked", detail).at(path(VCenterLogin::USER)));
        }
    }
    Ok(None)
}

/// What is not granted, with the objects that it is not granted on.
async fn missing(program: Program, vcenter: &VCenter, seen: &Seen) -> Result<Vec<Need>, Error> {
    let mut needs = vec![all("read-only", seen.all())];
    if program == Program::CsiDriver {
        needs.push(all("cns-search-and-spbm", vec![vcenter.service().await?.root_folder]));
        needs.push(all("cns-vm", seen.machines.clone()));
        let mut datastores = Vec::new();
        for datacenter in &seen.datacenters {
            let listed = vcenter.listed(Kind::Datastore, Some(datacenter), false).await?;
            datastores.extend(listed.iter().map(|found| found.object.clone()));
        }
        if datastores.is_empty() {
            // Whoever has no role on any datastore is shown none.
            datastores.clone_from(&seen.datacenters);
        }
        // The driver leaves out the datastores that it may not use.
        needs.push(Need {
            is_any: true,
            ..all("cns-datastore", datastores)
        });
    }
    let mut objects: Vec<Reference> = needs.iter().flat_map(|need| need.on.iter().cloned()).collect();
    objects.sort();
    objects.dedup();
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let asked: BTreeSet<&str> = needs
        .iter()
        .flat_map(|need| need.privileges.iter().map(String::as_str))
        .collect();
    let granted = vcenter.granted(&objects, &asked).await?;
    Ok(needs.iter().filter_map(|need| need.rest(&granted)).collect())
}

/// The privileges of a preset, on each of some objects.
fn all(preset: &'static str, on: Vec<Reference>) -> Need {
    let mut privileges = presets::privileges(preset);
    if privileges.is_empty() {
        privileges.insert(SEE.to_owned());
    }
    Need {
        preset,
        privileges,
        on,
        is_any: false,
    }
}

impl Seen {
    fn all(&self) -> Vec<Reference> {
        [&self.datacenters, &self.hosts, &self.machines]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

impl Need {
    /// What of it is not granted. An object that the vCenter says nothing of counts as if all was.
    fn rest(&self, granted: &HashMap<Reference, BTreeSet<String>>) -> Option<Self> {
        let lacks = |object: &&Reference| {
            granted
                .get(object)
                .is_some_and(|granted| !self.privileges.is_subset(granted))
        };
        let on: Vec<Reference> = self.on.iter().filter(lacks).cloned().collect();
        if on.is_empty() || (self.is_any && on.len() < self.on.len()) {
            return None;
        }
        let has_all = |id: &str| {
            on.iter()
                .all(|object| granted.get(object).is_none_or(|granted| granted.contains(id)))
        };
        Some(Need {
            privileges: self.privileges.iter().filter(|id| !has_all(id)).cloned().collect(),
            on,
            ..*self
        })
    }
}

/// One line for each of the needs.
async fn told(vcenter: &VCenter, needs: &[Need]) -> Vec<String> {
    let mut lines = Vec::new();
    for need in needs {
        let mut places = Vec::new();
        for object in need.on.iter().take(NAMED) {
            places.push(match vcenter.path(object).await.as_deref() {
                Ok("/") => "the root".to_owned(),
                Ok(path) => path.to_owned(),
                Err(_) => object.to_string(),
            });
        }
        if need.on.len() > NAMED {
            places.push(format!("{} more", need.on.len() - NAMED));
        }
        let ids: Vec<String> = need.privileges.iter().map(|id| format!("`{id}`")).collect();
        lines.push(format!(
            "- {} on {}{} (preset `{}`)",
            ids.join(" and "),
            if need.is_any { "one at least of " } else { "" },
            places.join(", "),
            need.preset
        ));
    }
    lines
}

fn lacking(user: &str, lines: &[String]) -> Diagnostic {
    let detail = format!(
        "The user {user} may not do all that the program in the cluster has to:\n\n{}\n\nWithout that it starts, and does not do its \
         work. Let an administrator of the vCenter give the user roles with these privileges there: \
         `cht_vsphere_role` has them by the presets that are named, and `cht_vsphere_permission` gives them to it.",
        lines.join("\n")
    );
    Diagnostic::error("Missing privileges", detail).at(path(VCenterLogin::USER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(of: &[(&Reference, &[&str])]) -> HashMap<Reference, BTreeSet<String>> {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        of.iter()
            .map(|(object, granted)| ((*object).clone(), ids(granted)))
            .collect()
    }

    #[test]
    fn a_need_names_the_objects_and_privileges_that_are_missing_and_no_others() {
        let (one, two) = (
            Reference::new("VirtualMachine", "vm-1"),
            Reference::new("VirtualMachine", "vm-2"),
        );
        let need = all("cns-vm", vec![one.clone(), two.clone()]);
        let (add, remove) = (
            "VirtualMachine.Config.AddExistingDisk",
            "VirtualMachine.Config.AddRemoveDevice",
        );
        assert_eq!(
            need.rest(&granted(&[(&one, &[add, remove]), (&two, &[add, remove])])),
            None
        );
        let rest = need.rest(&granted(&[(&one, &[add, remove]), (&two, &[add])])).unwrap();
        assert_eq!((rest.on, rest.privileges), (vec![two], [remove.to_owned()].into()));
        assert_eq!(need.rest(&HashMap::new()), None, "the vCenter says nothing of them");
    }

    #[test]
    fn one_datastore_that_may_be_used_is_enough() {
        let (one, two) = (Reference::new("Datastore", "ds-1"), Reference::new("Datastore", "ds-2"));
        let need = Need {
            is_any: true,
            ..all("cns-datastore", vec![one.clone(), two.clone()])
        };
        let files: &[&str] = &["Datastore.FileManagement"];
        assert_eq!(need.rest(&granted(&[(&one, &[]), (&two, files)])), None);
        let rest = need.rest(&granted(&[(&one, &[]), (&two, &[])])).unwrap();
        assert_eq!(rest.on, [one, two]);
    }

    #[test]
    fn whoever_may_only_read_has_one_privilege() {
        let datacenter = Reference::new("Datacenter", "dc-1");
        let need = all("read-only", vec![datacenter.clone()]);
        assert_eq!(need.rest(&granted(&[(&datacenter, &[SEE])])), None);
        assert!(need.rest(&granted(&[(&datacenter, &[])])).is_some());
    }
}
