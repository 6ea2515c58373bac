//! The rules for blocks.

use super::{Lint, Place};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Nesting, Presence};

impl Lint {
    pub(super) fn block(&mut self, path: &Path, attribute: &Attribute, place: Place) {
        let Some(block) = attribute.block else { return };
        let Kind::Nested(nesting, _) = attribute.kind else {
            self.problem(path, "is a block, but has no attributes in it");
            return;
        };
        self.check(path, !place.expression, "is a block inside a nested attribute");
        self.check(
            path,
            !attribute.is_computed(),
            "is a block, so it can be neither computed nor have a default",
        );
        self.check(
            path,
            !attribute.sensitive,
            "is a block, so only attributes in it can be sensitive",
        );
        self.check(
            path,
            !attribute.write_only,
            "is a block, so only attributes in it can be write-only",
        );
        let is_collection = nesting != Nesting::Single;
        self.check(
            path,
            !is_collection || attribute.presence == Presence::Required,
            "is a block that can be absent, but several blocks are empty then: it is no `Option`",
        );
        self.check(path, !block.group || !is_collection, "is a group of several blocks");
        let counted = matches!(nesting, Nesting::List | Nesting::Set);
        let unlimited = block.min_items == 0 && block.max_items.is_none();
        self.check(
            path,
            counted || unlimited,
            "has limits that only a list or set of blocks can have",
        );
        let reachable = block.max_items.is_none_or(|most| most > 0 && block.min_items <= most);
        self.check(
            path,
            reachable,
            "has a greatest number of blocks that is zero or less than the least",
        );
    }
}
