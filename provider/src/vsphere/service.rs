//! What a vCenter says of itself, and where its parts are (`ServiceContent`).

use super::reference::Reference;
use super::xml::Element;

/// A vCenter and its parts.
#[derive(Clone, Debug)]
pub struct Service {
    /// The vCenter's version, such as `8.0.3`.
    pub version: String,
    /// The version of its API, such as `8.0.3.0`.
    pub api_version: String,
    /// The id that this vCenter has alone.
    pub instance_uuid: String,
    /// Whether it is a vCenter, and no single host.
    pub(super) is_vcenter: bool,
    pub(super) root_folder: Reference,
    pub(super) property_collector: Reference,
    pub(super) view_manager: Reference,
    pub(super) search_index: Reference,
    pub(super) session_manager: Reference,
    pub(super) authorization_manager: Reference,
}

impl Service {
    /// Reads it from the answer to `RetrieveServiceContent`; nothing if a part is missing.
    pub(super) fn read(answer: &Element) -> Option<Self> {
        let content = answer.child("returnval")?;
        let about = content.child("about")?;
        let part = |name: &str| Reference::read(content.child(name)?);
        let text = |name: &str| about.text_of(name).map(str::to_owned);
        Some(Service {
            version: text("version")?,
            api_version: text("apiVersion")?,
            instance_uuid: text("instanceUuid").unwrap_or_default(),
            is_vcenter: about.text_of("apiType") == Some("VirtualCenter"),
            root_folder: part("rootFolder")?,
            property_collector: part("propertyCollector")?,
            view_manager: part("viewManager")?,
            search_index: part("searchIndex")?,
            session_manager: part("sessionManager")?,
            authorization_manager: part("authorizationManager")?,
        })
    }
}
