//! Which element of a set was which: elements of sets have no names, only values.
//!
//! A prior element belongs to a configured one if it could have come from it: equal in everything that the
//! configuration decides. The elements are matched as a whole, so that no choice for one element leaves another without
//! its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::lifecycle::{same_meaning, wanted};
use crate::schema::{Attribute, Kind, Nesting};
use crate::value::Value;

mod index;

pub(super) use index::Index;

/// How closely a prior element has to fit a configured one.
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    /// It could have come from it, whatever is unknown turns out to be and whatever the provider decided.
    Possible,
    /// The same, and what the configuration says it says in the same words.
    Verbatim,
    /// It says nothing that the configuration does not say, in the same words.
    Exact,
}

/// The index of the prior element of each configured element, if it has one.
///
/// An element that an unknown value might yet claim is given to nobody: what the plan says now has to be true of the
/// plan that the core asks for when the value is known.
pub(super) fn correlate(attributes: &[Attribute], prior: &[Value], config: &[Value]) -> Vec<Option<usize>> {
    let mut candidates = candidates(attributes, prior, config, Fit::Possible);
    withdraw_contested(config, &mut candidates);
    pin_exact(attributes, prior, config, &mut candidates);

    let mut verbatim = self::candidates(attributes, prior, config, Fit::Verbatim);
    for (verbatim, candidates) in verbatim.iter_mut().zip(&candidates) {
        verbatim.retain(|index| candidates.contains(index));
    }
    let verbatim = pair(&verbatim);
    let taken: BTreeSet<usize> = verbatim.iter().flatten().copied().collect();
    for (candidates, partner) in candidates.iter_mut().zip(&verbatim) {
        candidates.retain(|index| partner.is_none() && !taken.contains(index));
    }
    let similar = pair(&candidates);
    verbatim
        .into_iter()
        .zip(similar)
        .map(|(verbatim, similar)| verbatim.or(similar))
        .collect()
}

/// The indexes of the prior elements that fit each configured one.
fn candidates(attributes: &[Attribute], prior: &[Value], config: &[Value], fit: Fit) -> Vec<BTreeSet<usize>> {
    let index = Index::new(attributes, prior);
    let fits = |position: usize, element: &Value| {
        let candidate = prior.get(position);
        candidate.is_some_and(|candidate| object_fits(attributes, candidate, element, fit))
    };
    let fitting = |element: &Value| {
        let near = index.near(element).into_iter();
        near.filter(|position| fits(*position, element)).collect()
    };
    config.iter().map(fitting).collect()
}

/// One of its candidates for each position, none of them twice, for as many positions as possible.
pub(super) fn pair(candidates: &[BTreeSet<usize>]) -> Vec<Option<usize>> {
    let mut owners = BTreeMap::new();
    for position in 0..candidates.len() {
        claim(position, candidates, &mut owners);
    }
    let mut partners = vec![None; candidates.len()];
    for (index, position) in owners {
        if let Some(partner) = partners.get_mut(position) {
            *partner = Some(index);
        }
    }
    partners
}

/// Takes the candidates of elements with unknown parts away, and with them those of all elements that compete for them.
fn withdraw_contested(config: &[Value], candidates: &mut [BTreeSet<usize>]) {
    let mut contested = BTreeSet::new();
    let mut withdrawn: Vec<bool> = config.iter().map(|element| !element.is_wholly_known()).collect();
    loop {
        let before = contested.len();
        for (candidates, withdrawn) in candidates.iter().zip(&mut withdrawn) {
            *withdrawn |= !candidates.is_disjoint(&contested);
            if *withdrawn {
                contested.extend(candidates);
            }
        }
        if contested.len() == before {
            break;
        }
    }
    for (candidates, withdrawn) in candidates.iter_mut().zip(withdrawn) {
        if withdrawn {
            candidates.clear();
        }
    }
}

/// Reserves prior elements for the elements that say all of them: another element that got one would plan to become the
/// same, and two elements of the set would be one.
fn pin_exact(attributes: &[Attribute], prior: &[Value], config: &[Value], candidates: &mut [BTreeSet<usize>]) {
    let mut claimants: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (position, candidates) in candidates.iter().enumerate() {
        for index in candidates {
            claimants.entry(*index).or_default().push(position);
        }
    }
    for (position, element) in config.iter().enumerate() {
        let exact = candidates.get(position).into_iter().flatten().copied().find(|index| {
            prior
                .get(*index)
                .is_some_and(|candidate| object_fits(attributes, candidate, element, Fit::Exact))
        });
        if let Some(index) = exact {
            for claimant in claimants.get(&index).into_iter().flatten().copied() {
                if let Some(candidates) = candidates.get_mut(claimant) {
                    if claimant == position {
                        candidates.retain(|candidate| *candidate == index);
                    } else {
                        candidates.remove(&index);
                    }
                }
            }
        }
    }
}

/// Finds a prior element for the configured element at `start`, moving others to another one of theirs where needed.
fn claim(start: usize, candidates: &[BTreeSet<usize>], owners: &mut BTreeMap<usize, usize>) {
    let mut tried = BTreeSet::new();
    // Who would take which index, each from the one after it. It may become as long as the set, so this does not
    // recurse.
    let mut way = Vec::new();
    let (mut position, mut from) = (start, 0);
    loop {
        let own = candidates.get(position).into_iter().flat_map(|own| own.range(from..));
        match own.copied().find(|index| tried.insert(*index)) {
            Some(index) => {
                way.push((position, index));
                match owners.get(&index) {
                    Some(owner) => (position, from) = (*owner, 0),
                    None => return owners.extend(way.into_iter().map(|(position, index)| (index, position))),
                }
            }
            None => match way.pop() {
                Some((before, index)) => (position, from) = (before, index + 1),
                None => return,
            },
        }
    }
}

fn object_fits(attributes: &[Attribute], prior: &Value, config: &Value, fit: Fit) -> bool {
    match (prior, config) {
        (_, Value::Unknown(_)) => fit != Fit::Exact,
        (Value::Object(_), Value::Object(_)) => attributes.iter().all(|attribute| {
            let (prior, config) = (
                prior.attribute_or_null(&attribute.name),
                config.attribute_or_null(&attribute.name),
            );
            attribute.write_only || attribute_fits(attribute, prior, wanted(attribute, config), fit)
        }),
        _ => prior == config,
    }
}

fn attribute_fits(attribute: &Attribute, prior: &Value, wanted: &Value, fit: Fit) -> bool {
    if wanted.is_null() {
        return prior.is_null() || (attribute.is_computed() && fit != Fit::Exact);
    }
    if !wanted.is_wholly_known() {
        return fit != Fit::Exact;
    }
    let Kind::Nested(nesting, attributes) = &attribute.kind else {
        return prior == wanted || (fit == Fit::Possible && same_meaning(attribute, prior, wanted));
    };
    match (nesting, prior, wanted) {
        (Nesting::Single, prior, wanted) => object_fits(attributes, prior, wanted, fit),
        (Nesting::List, Value::List(prior), Value::List(wanted)) => {
            prior.len() == wanted.len()
                && prior
                    .iter()
                    .zip(wanted)
                    .all(|(prior, wanted)| object_fits(attributes, prior, wanted, fit))
        }
        (Nesting::Map, Value::Map(prior), Value::Map(wanted)) => {
            prior.len() == wanted.len()
                && prior.iter().all(|(key, prior)| {
                    wanted
                        .get(key)
                        .is_some_and(|wanted| object_fits(attributes, prior, wanted, fit))
                })
        }
        (Nesting::Set, Value::Set(prior), Value::Set(wanted)) if fit != Fit::Exact => {
            let partners = pair(&candidates(attributes, prior, wanted, fit));
            prior.len() == wanted.len() && partners.iter().all(Option::is_some)
        }
        _ => prior == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_paired_if_that_is_possible_however_many_have_to_move() {
        let count = 100_000;
        let mut candidates: Vec<BTreeSet<usize>> = (0..count).map(|index| [index, index + 1].into()).collect();
        candidates.push([0].into());
        let partners = pair(&candidates);
        assert_eq!(partners.last(), Some(&Some(0)));
        assert!(partners.iter().all(Option::is_some));
        assert_eq!(pair(&[[0].into(), [0].into(), BTreeSet::new()]), [Some(0), None, None]);
    }
}
