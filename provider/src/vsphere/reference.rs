//! References to managed objects: what the API calls a `ManagedObjectReference`, and people a MoRef.

use std::fmt;

use super::xml::Element;

/// Names an object of a vCenter, as long as it exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The object's type, such as `VirtualMachine`.
    pub kind: String,
    /// Its id in this vCenter, such as `vm-42`.
    pub id: String,
}

impl Reference {
    /// The reference to an object.
    pub fn new(kind: &str, id: &str) -> Self {
        Reference {
            kind: kind.to_owned(),
            id: id.to_owned(),
        }
    }

    /// Reads one from an element that is one; nothing if it is empty or no reference.
    pub fn read(element: &Element) -> Option<Self> {
        let kind = element.object_type()?;
        match element.text() {
            "" => None,
            id => Some(Reference::new(kind, id)),
        }
    }

    /// The element of this name that refers to it.
    pub fn element(&self, name: &str) -> Element {
        Element::new(name).of_object(&self.kind).with_text(&self.id)
    }

    /// A call of one of its methods.
    pub fn call(&self, method: &str) -> Element {
        Element::new(method).with(self.element("_this"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}
