//! Which tags a machine has: those of the categories that its configuration names. All others are somebody else's.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::super::diagnostics::explained;
use super::super::machine::Machine;
use super::super::reference::Reference;
use super::super::tagging::Category;
use super::super::vcenter::VCenter;
use super::model::VirtualMachineModel;
use super::tasks::Tasks;

/// The names of tags, by their categories.
pub(super) type Tags = BTreeMap<String, BTreeSet<String>>;
/// The ids of all tags of categories, by the names of both.
type Ids = BTreeMap<String, BTreeMap<String, String>>;

const CHECK: &str = "Unable to check the tags";
const READ: &str = "Unable to read the tags";
const CHANGE: &str = "Unable to change the tags";

/// How many names an error lists.
const LISTED: usize = 20;

/// What is attached to a machine and taken off it, by ids.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    attach: BTreeSet<String>,
    detach: BTreeSet<String>,
}

/// Refuses what is not there, and what no machine can have.
pub(super) async fn check(vcenter: &VCenter, wanted: &Tags) -> Result<(), Diagnostics> {
    if wanted.is_empty() {
        return Ok(());
    }
    let categories = vcenter.tag_categories().await.map_err(explained(CHECK))?;
    let ids = ids(vcenter, &categories, wanted.keys()).await?;
    judge(wanted, &categories, &ids)
}

/// The tags that a machine has of the categories that a state names.
pub(super) async fn read(vcenter: &VCenter, machine: &Reference, known: &Tags) -> Result<Tags, Diagnostics> {
    let mut read = Tags::new();
    if known.is_empty() {
        return Ok(read);
    }
    let categories = vcenter.tag_categories().await.map_err(explained(READ))?;
    for name in known.keys() {
        // Of a category that is gone it has none.
        let tags = match find(&categories, name) {
            Some(category) => vcenter.tags_seen(machine, category).await.map_err(explained(READ))?,
            None => BTreeSet::new(),
        };
        read.insert(name.clone(), tags);
    }
    Ok(read)
}

/// Gives a machine the tags that are wanted, and takes off the others of their categories.
pub(super) async fn converge(
    tasks: Tasks<'_>,
    (prior, wanted): (Option<&Tags>, Option<&Tags>),
    machine: &Machine,
) -> Result<(), Diagnostics> {
    let nothing = Tags::new();
    let (prior, wanted) = (prior.unwrap_or(&nothing), wanted.unwrap_or(&nothing));
    if prior.is_empty() && wanted.is_empty() {
        return Ok(());
    }
    let vcenter = tasks.vcenter;
    let categories = vcenter.tag_categories().await.map_err(explained(CHANGE))?;
    let ids = ids(vcenter, &categories, prior.keys().chain(wanted.keys())).await?;
    judge(wanted, &categories, &ids)?;
    let has = vcenter.tags_of(&machine.object).await.map_err(explained(CHANGE))?;
    let changes = Changes::between(&has, (prior, wanted), &ids);
    // A category may allow one tag at most.
    for id in &changes.detach {
        let detached = vcenter.detach_tag(id, &machine.object).await;
        detached.map_err(explained(CHANGE))?;
    }
    for id in &changes.attach {
        let attached = vcenter.attach_tag(id, &machine.object).await;
        attached.map_err(explained(CHANGE))?;
    }
    Ok(())
}

impl Changes {
    /// What leads from the tags that a machine has to those that are wanted. Of a category that is named no more, only
    /// those are taken off that a state has.
    fn between(has: &BTreeSet<String>, (prior, wanted): (&Tags, &Tags), ids: &Ids) -> Self {
        let mut changes = Changes::default();
        for (category, ids) in ids {
            let wanted_ids = |names: &BTreeSet<String>| -> BTreeSet<String> {
                names.iter().filter_map(|name| ids.get(name).cloned()).collect()
            };
            match (wanted.get(category), prior.get(category)) {
                (Some(wanted), _) => {
                    let wanted = wanted_ids(wanted);
                    let others = ids.values().filter(|id| has.contains(*id) && !wanted.contains(*id));
                    changes.detach.extend(others.cloned());
                    changes.attach.extend(wanted.into_iter().filter(|id| !has.contains(id)));
                }
                (None, Some(prior)) => {
                    let ours = wanted_ids(prior).into_iter();
                    changes.detach.extend(ours.filter(|id| has.contains(id)));
                }
                (None, None) => {}
            }
        }
        changes
    }
}

/// The tags of those of the named categories that are there.
async fn ids(
    vcenter: &VCenter,
    categories: &[Category],
    names: impl Iterator<Item = &String>,
) -> Result<Ids, Diagnostics> {
    let mut ids = Ids::new();
    for name in names {
        if let Some(category) = find(categories, name).filter(|_| !ids.contains_key(name)) {
            let tags = vcenter.tags_in(category).await.map_err(explained(CHECK))?;
            ids.insert(name.clone(), tags);
        }
    }
    Ok(ids)
}

fn find<'c>(categories: &'c [Category], name: &str) -> Option<&'c Category> {
    categories.iter().find(|category| category.name == name)
}

/// What is wrong with the tags that are wanted.
fn judge(wanted: &Tags, categories: &[Category], ids: &Ids) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    for (name, tags) in wanted {
        let mut blame = |summary: &'static str, detail: String| {
            let path = Path::new(VirtualMachineModel::TAGS).key(name);
            diagnostics.push(Diagnostic::error(summary, detail).at(path));
        };
        let Some(category) = find(categories, name) else {
            let there = list(categories.iter().map(|category| &category.name));
            blame(
                NO_CATEGORY,
                format!("The vCenter has no category of tags `{name}`. {there}\n\n{ADVICE}"),
            );
            continue;
        };
        let there = ids.get(name).cloned().unwrap_or_default();
        for tag in tags.iter().filter(|tag| !there.contains_key(*tag)) {
            let there = list(there.keys());
            blame(
                NO_TAG,
                format!("The category `{name}` has no tag `{tag}`. {there}\n\n{ADVICE}"),
            );
        }
        if !category.is_for_machines() {
            let detail =
                format!("Tags of the category `{name}` are for other objects, as its \"associable object types\" say.");
            blame(NOT_FOR_MACHINES, detail);
        }
        if category.is_single() && tags.len() > 1 {
            let detail = format!("An object has one tag of the category `{name}` at most. Choose one.");
            blame(TOO_MANY, detail);
        }
    }
    diagnostics.into_result(())
}

const NO_CATEGORY: &str = "Category of tags not found";
const NO_TAG: &str = "Tag not found";
const NOT_FOR_MACHINES: &str = "Category is not for machines";
const TOO_MANY: &str = "Too many tags of one category";
const ADVICE: &str = "Tags and their categories are not made here: let who governs them make it before, or name one \
                      that there is. What the user may not see counts as not there.";

/// Says what there is.
fn list<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    match (names.as_slice(), more) {
        ([], _) => "There is none.".to_owned(),
        (names, 0) => format!("There are: {}.", names.join(", ")),
        (names, more) => format!("There are: {}, and {more} more.", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(all: &[(&str, &[&str])]) -> Tags {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        all.iter()
            .map(|(category, names)| ((*category).to_owned(), named(names)))
            .collect()
    }

    /// Each id is the name of the category and that of the tag.
    fn known(all: &[(&str, &[&str])]) -> Ids {
        let ids = |category: &str, names: BTreeSet<String>| -> BTreeMap<String, String> {
            let named = names
                .into_iter()
                .map(|name| (name.clone(), format!("{category}/{name}")));
            named.collect()
        };
        let all = tags(all).into_iter();
        all.map(|(category, names)| (category.clone(), ids(&category, names)))
            .collect()
    }

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn only_categories_that_are_named_are_touched() {
        let ids = known(&[("env", &["test", "live"]), ("team", &["a", "b"])]);
        let has = set(&["env/test", "team/b", "backup/daily"]);
        let between = |prior: Tags, wanted: Tags| Changes::between(&has, (&prior, &wanted), &ids);
        assert_eq!(
            between(tags(&[]), tags(&[("env", &["live"])])),
            Changes {
                attach: set(&["env/live"]),
                detach: set(&["env/test"])
            }
        );
        assert_eq!(between(tags(&[]), tags(&[("env", &["test"])])), Changes::default());
        assert_eq!(
            between(tags(&[]), tags(&[("env", &[])])).detach,
            set(&["env/test"]),
            "none of it is wanted"
        );
        // What is named no more leaves with what it gave, and with nothing else.
        assert_eq!(
            between(tags(&[("env", &["test"])]), tags(&[])).detach,
            set(&["env/test"])
        );
        assert_eq!(between(tags(&[("team", &["a"])]), tags(&[])), Changes::default());
    }

    #[test]
    fn what_is_not_there_is_refused_at_its_category_with_what_there_is() {
        let categories = [
            Category::fixture("env", "SINGLE", &[]),
            Category::fixture("disks", "MULTIPLE", &["Datastore"]),
        ];
        let ids = known(&[("env", &["live", "test"]), ("disks", &["fast"])]);
        let refused = |wanted: &[(&str, &[&str])]| -> Vec<(String, String)> {
            let refused = judge(&tags(wanted), &categories, &ids).err();
            let all = refused.iter().flat_map(Diagnostics::iter);
            all.map(|one| {
                assert_eq!(one.path, Some(Path::new("tags").key(wanted[0].0)));
                (one.summary.clone(), one.detail.clone())
            })
            .collect()
        };
        assert_eq!(refused(&[("env", &["live"])]), []);
        assert_eq!(refused(&[("env", &[])]), []);
        for (wanted, summary, hint) in [
            (
                ("environment", &["live"] as &[&str]),
                NO_CATEGORY,
                "There are: disks, env.",
            ),
            (("env", &["Live"]), NO_TAG, "There are: live, test."),
            (("env", &["live", "test"]), TOO_MANY, "Choose one"),
            (("disks", &["fast"]), NOT_FOR_MACHINES, "other objects"),
        ] {
            let said = refused(&[wanted]);
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].0 == summary && said[0].1.contains(hint), "{said:?}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..25).map(|number| format!("n{number:02}")).collect();
        assert!(
            list(names.iter()).ends_with("n19, and 5 more."),
            "{}",
            list(names.iter())
        );
        assert_eq!(list([].iter()), "There is none.");
    }
}
