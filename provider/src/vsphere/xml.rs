//! Elements of XML, as vSphere's API takes and answers them.
//!
//! Requests are built as trees and written; answers are read into trees of the same kind. Two attributes mean something
//! in vim25: `xsi:type` names the type of a value where several may stand, and a plain `type` that of a managed object.
//! The first is told by its namespace, as servers choose the prefix themselves.

#[cfg(test)]
mod tests;

use std::fmt;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, BytesText, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::{NsReader, Writer, XmlVersion};

/// The namespace of `xsi:type`.
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// No answer of the API is deeper; one that is would be meant to use up the stack.
const MAX_DEPTH: usize = 64;

/// An element with all that is in it.
///
/// It may hold passwords, so its `Debug` shows the name only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Element {
    name: String,
    xsi_type: Option<String>,
    object_type: Option<String>,
    text: String,
    children: Vec<Element>,
}

/// Why an answer is no XML that can be read.
#[derive(Debug, thiserror::Error)]
pub enum XmlError {
    /// The text breaks the rules of XML.
    #[error("it is no XML")]
    Syntax(#[from] quick_xml::Error),
    /// An entity that XML does not define.
    #[error("it has the unknown entity `{0}`")]
    Entity(String),
    /// More levels than any answer has.
    #[error("it has more than {MAX_DEPTH} levels")]
    Depth,
    /// The text ends before its elements do, or has none.
    #[error("it ends too early")]
    Incomplete,
}

impl Element {
    /// An empty element.
    pub fn new(name: &str) -> Self {
        Element {
            name: name.to_owned(),
            ..Element::default()
        }
    }

    /// The same with an `xsi:type`, where the schema has a base type.
    #[must_use]
    pub fn of_type(mut self, xsi_type: &str) -> Self {
        self.xsi_type = Some(xsi_type.to_owned());
        self
    }

    /// The same as the reference to a managed object of this type.
    #[must_use]
    pub fn of_object(mut self, object_type: &str) -> Self {
        self.object_type = Some(object_type.to_owned());
        self
    }

    /// The same with this text.
    #[must_use]
    pub fn with_text(mut self, text: impl fmt::Display) -> Self {
        self.text = text.to_string();
        self
    }

    /// The same with one more child. The order is that of the schema: vCenter refuses any other.
    #[must_use]
    pub fn with(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    /// The same with more children.
    #[must_use]
    pub fn with_all(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// The same with a child that has this text.
    #[must_use]
    pub fn value(self, name: &str, text: impl fmt::Display) -> Self {
        self.with(Element::new(name).with_text(text))
    }

    /// The same with a child that has this text, if there is one.
    #[must_use]
    pub fn optional(self, name: &str, text: Option<impl fmt::Display>) -> Self {
        match text {
            Some(text) => self.value(name, text),
            None => self,
        }
    }

    /// Its name, without a prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type that it says to have, without a prefix.
    pub fn xsi_type(&self) -> Option<&str> {
        self.xsi_type.as_deref()
    }

    /// The type of the managed object that it refers to.
    pub fn object_type(&self) -> Option<&str> {
        self.object_type.as_deref()
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its children.
    pub fn children(&self) -> &[Element] {
        &self.children
    }

    /// The children of this name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// What is reached by the names of children, one below the other.
    pub fn at(&self, names: &[&str]) -> Option<&Element> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of a child.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Element::text)
    }

    /// The text of a child as something else; none if it is not that.
    pub fn parse<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text_of(name)?.trim().parse().ok()
    }

    /// Whether a child says `true`, as booleans of XML schemas do.
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.text_of(name).map(str::trim), Some("true" | "1"))
    }

    /// Writes it. `xsi` has to be bound to [`XSI`] around it.
    pub fn write(&self, writer: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        let mut start = BytesStart::new(self.name.as_str());
        if let Some(xsi_type) = &self.xsi_type {
            start.push_attribute(("xsi:type", xsi_type.as_str()));
        }
        if let Some(object_type) = &self.object_type {
            start.push_attribute(("type", object_type.as_str()));
        }
        writer.write_event(Event::Start(start))?;
        if !self.text.is_empty() {
            writer.write_event(Event::Text(BytesText::new(&self.text)))?;
        }
        for child in &self.children {
            child.write(writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new(self.name.as_str())))
    }

    /// Reads the outermost element of a document.
    ///
    /// # Errors
    /// The text is no XML, or deeper than any answer is.
    pub fn read(text: &str) -> Result<Element, XmlError> {
        let mut reader = NsReader::from_str(text);
        let mut open: Vec<Element> = Vec::new();
        loop {
            let event = reader.read_event()?;
            let done = match event {
                Event::Start(start) => {
                    if open.len() >= MAX_DEPTH {
                        return Err(XmlError::Depth);
                    }
                    open.push(opened(&reader, &start)?);
                    None
                }
                Event::Empty(start) => close(&mut open, opened(&reader, &start)?),
                Event::End(_) => match open.pop() {
                    Some(element) => close(&mut open, element.settled()),
                    None => return Err(XmlError::Incomplete),
                },
                Event::Text(text) => append(&mut open, &text.xml10_content()),
                Event::CData(text) => append(&mut open, &text.xml10_content()),
                Event::GeneralRef(entity) => append(&mut open, &resolved(&entity)?),
                Event::Eof => return Err(XmlError::Incomplete),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
            };
            if let Some(outermost) = done {
                return Ok(outermost);
            }
        }
    }

    /// The same without the white space between children, which says nothing.
    fn settled(mut self) -> Self {
        if !self.children.is_empty() && self.text.trim().is_empty() {
            self.text.clear();
        }
        self
    }
}

/// The element that begins here, with the two attributes that mean something.
fn opened(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let mut element = Element::new(start.local_name().as_ref());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(quick_xml::Error::from)?;
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        if name.as_ref() != "type" {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
        match namespace {
            ResolveResult::Bound(Namespace(XSI)) => {
                let local = value.rsplit(':').next().unwrap_or(&value);
                element.xsi_type = Some(local.to_owned());
            }
            ResolveResult::Unbound => element.object_type = Some(value.into_owned()),
            _ => {}
        }
    }
    Ok(element)
}

/// Puts an element into the one around it, or hands it back if there is none.
fn close(open: &mut [Element], element: Element) -> Option<Element> {
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(element);
            None
        }
        None => Some(element),
    }
}

fn append(open: &mut [Element], text: &str) -> Option<Element> {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
    None
}

fn resolved(entity: &BytesRef<'_>) -> Result<String, XmlError> {
    if let Some(character) = entity.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    let name = entity.xml10_content();
    let known = resolve_predefined_entity(&name).map(str::to_owned);
    known.ok_or_else(|| XmlError::Entity(name.into_owned()))
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Element")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
