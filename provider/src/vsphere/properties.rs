//! Properties of managed objects, as the property collector reads them.

use super::error::Error;
use super::reference::Reference;
use super::service::Service;
use super::session::{Session, of_call};
use super::soap::{Fault, VIM};
use super::xml::Element;

/// How many objects are read by one call. More come in further pages.
const PAGE: u32 = 500;

/// What was read of an object.
#[derive(Clone, Debug)]
pub struct Properties {
    /// The object.
    pub object: Reference,
    values: Vec<(String, Element)>,
    denied: Vec<(String, Fault)>,
}

impl Properties {
    /// The value of a property; none if it is not set.
    ///
    /// # Errors
    /// It may not be read.
    pub fn get(&self, path: &str) -> Result<Option<&Element>, Error> {
        if let Some((_, fault)) = self.denied.iter().find(|(name, _)| name == path) {
            return Err(of_call(path, fault.clone()));
        }
        Ok(self
            .values
            .iter()
            .find(|(name, _)| name == path)
            .map(|(_, value)| value))
    }

    /// The text of a property; none if it is not set.
    ///
    /// # Errors
    /// It may not be read.
    pub fn text(&self, path: &str) -> Result<Option<&str>, Error> {
        Ok(self.get(path)?.map(Element::text))
    }

    /// The object that a property refers to; none if it is not set.
    ///
    /// # Errors
    /// It may not be read.
    pub fn reference(&self, path: &str) -> Result<Option<Reference>, Error> {
        Ok(self.get(path)?.and_then(Reference::read))
    }

    /// Reads what was read of an object (`ObjectContent`).
    pub(super) fn read(content: &Element) -> Option<Self> {
        let object = Reference::read(content.child("obj")?)?;
        let values = content.all("propSet").filter_map(|set| {
            let name = set.text_of("name")?.to_owned();
            Some((name, set.child("val")?.clone()))
        });
        let denied = content.all("missingSet").filter_map(|set| {
            let path = set.text_of("path")?.to_owned();
            Some((path, Fault::localized(set.child("fault")?)))
        });
        Some(Properties {
            object,
            values: values.collect(),
            denied: denied.collect(),
        })
    }
}

/// Reads properties of some objects of one type by one call. Objects that are gone are left out.
///
/// # Errors
/// The call failed.
pub(super) async fn of_objects(
    session: &Session,
    objects: &[Reference],
    paths: &[&str],
) -> Result<Vec<Properties>, Error> {
    let service = session.service().await?;
    let mut objects = objects.to_vec();
    loop {
        let Some(first) = objects.first() else {
            return Ok(Vec::new());
        };
        let filter = Element::new("specSet")
            .with(property_spec(&first.kind, paths))
            .with_all(
                objects
                    .iter()
                    .map(|object| Element::new("objectSet").with(object.element("obj"))),
            )
            .value("reportMissingObjectsInResults", true);
        match retrieve(session, &service, filter).await {
            // Older servers report what is missing as a fault of the whole call.
            Err(Error::Gone { object }) if objects.contains(&object) => objects.retain(|other| *other != object),
            answer => return answer,
        }
    }
}

/// Reads properties of all objects of some type below a folder or another container.
///
/// # Errors
/// A call failed.
pub(super) async fn of_all(
    session: &Session,
    container: &Reference,
    kind: &str,
    paths: &[&str],
) -> Result<Vec<Properties>, Error> {
    let service = session.service().await?;
    let method = service
        .view_manager
        .call("CreateContainerView")
        .with(container.element("container"))
        .value("type", kind)
        .value("recursive", true);
    let answer = session.call(&VIM, &method).await?;
    let view = answer
        .child("returnval")
        .and_then(Reference::read)
        .ok_or_else(|| Error::Lacks {
            method: method.name().to_owned(),
            what: "the view",
        })?;
    let traversal = Element::new("selectSet")
        .of_type("TraversalSpec")
        .value("name", "view")
        .value("type", &view.kind)
        .value("path", "view")
        .value("skip", false);
    let filter = Element::new("specSet").with(property_spec(kind, paths)).with(
        Element::new("objectSet")
            .with(view.element("obj"))
            .value("skip", true)
            .with(traversal),
    );
    let read = retrieve(session, &service, filter).await;
    // It ends with the session in any case.
    let _ = session.call(&VIM, &view.call("DestroyView")).await;
    read
}

fn property_spec(kind: &str, paths: &[&str]) -> Element {
    let paths = paths.iter().map(|path| Element::new("pathSet").with_text(path));
    Element::new("propSet")
        .value("type", kind)
        .value("all", false)
        .with_all(paths)
}

async fn retrieve(session: &Session, service: &Service, filter: Element) -> Result<Vec<Properties>, Error> {
    let collector = &service.property_collector;
    let options = Element::new("options").value("maxObjects", PAGE);
    let mut method = collector.call("RetrievePropertiesEx").with(filter).with(options);
    let mut read = Vec::new();
    loop {
        let answer = session.call(&VIM, &method).await?;
        // Nothing at all is returned where there is no object.
        let Some(result) = answer.child("returnval") else {
            return Ok(read);
        };
        read.extend(result.all("objects").filter_map(Properties::read));
        let Some(token) = result.text_of("token").filter(|token| !token.is_empty()) else {
            return Ok(read);
        };
        method = collector.call("ContinueRetrievePropertiesEx").value("token", token);
    }
}
