//! SOAP as vim25 and PBM speak it: the envelope of requests, and what answers say. Pure; [`super::session`] sends them.

use std::fmt;
use std::sync::Arc;

use quick_xml::Writer;
use quick_xml::escape::escape;

use super::reference::Reference;
use super::xml::{Element, XSI, XmlError};

/// The newest version of the API whose schema the requests follow: that of vSphere 9.0.
const NEWEST_VERSION: &str = "9.0.0.0";

/// One of the APIs of a vCenter. All are for the same session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Api {
    /// Where it is on the server.
    pub(super) path: &'static str,
    /// The namespace of its methods.
    namespace: &'static str,
    /// Whether it learns of the session from the envelope, and not from a cookie.
    is_told_session: bool,
}

/// That of the inventory.
pub(super) const VIM: Api = Api {
    path: "/sdk",
    namespace: "urn:vim25",
    is_told_session: false,
};

/// That of storage policies.
pub(super) const PBM: Api = Api {
    path: "/pbm",
    namespace: "urn:pbm",
    is_told_session: true,
};

/// A method fault: why the server did not do what it was asked to, or why a task failed.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// The fault's type, such as `NoPermission`.
    pub kind: String,
    /// What the server says of it.
    pub message: String,
    detail: Arc<Element>,
}

/// Why an answer is none.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It cannot be read.
    #[error("the answer cannot be read")]
    Xml(#[from] XmlError),
    /// It is XML, but not the answer to the request.
    #[error("the answer is not one of vSphere's API")]
    Shape,
}

impl Api {
    /// The `SOAPAction` for a server with this version of vim25. Without it a server takes requests for ones of its
    /// oldest version, which lacks methods that are needed here.
    pub(super) fn action(&self, api_version: &str) -> String {
        if *self == PBM {
            // It has versions of its own; what is asked of it here is in the oldest one, which this means.
            return format!("{}/", self.namespace);
        }
        let version = if numbers(api_version) > numbers(NEWEST_VERSION) {
            NEWEST_VERSION
        } else {
            api_version
        };
        format!("{}/{version}", self.namespace)
    }

    /// The whole text of a request in a session with this cookie.
    pub(super) fn envelope(&self, method: &Element, cookie: Option<&str>) -> Result<String, std::io::Error> {
        let header = match cookie.filter(|_| self.is_told_session) {
            Some(cookie) => format!(
                "<soapenv:Header><vcSessionCookie xmlns=\"\">{}</vcSessionCookie></soapenv:Header>",
                // The quotes are the cookie's, and not the session's.
                escape(cookie.trim_matches('"'))
            ),
            None => String::new(),
        };
        let mut body = Writer::new(Vec::new());
        method.write(&mut body)?;
        let body = String::from_utf8(body.into_inner()).map_err(std::io::Error::other)?;
        // The methods stand in the namespace of the API, which a prefix-less name takes from the element around it.
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"{}\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"{XSI}\">\
             {header}<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>",
            self.namespace
        ))
    }
}

/// What a server answers: the element `…Response` of the method, or a fault.
///
/// # Errors
/// The text is not an answer to a call of this method.
pub(super) fn answer(method: &str, text: &str) -> Result<Result<Element, Fault>, AnswerError> {
    let envelope = Element::read(text)?;
    let inside = envelope.child("Body").and_then(|body| body.children().first());
    let inside = inside.ok_or(AnswerError::Shape)?;
    if inside.name() == "Fault" {
        return Ok(Err(Fault::of_call(inside)));
    }
    match inside.name().strip_suffix("Response") {
        Some(name) if name == method => Ok(unless_unauthenticated(inside)),
        _ => Err(AnswerError::Shape),
    }
}

/// The answer, unless it says of a property that nobody is logged in: reads are let through to say so.
fn unless_unauthenticated(answer: &Element) -> Result<Element, Fault> {
    let objects = answer.all("returnval").flat_map(|result| result.all("objects"));
    let faults = objects
        .flat_map(|object| object.all("missingSet"))
        .filter_map(|missing| missing.child("fault"));
    match faults.map(Fault::localized).find(|fault| fault.is("NotAuthenticated")) {
        Some(fault) => Err(fault),
        None => Ok(answer.clone()),
    }
}

impl Fault {
    /// The fault of a call.
    fn of_call(fault: &Element) -> Self {
        let detail = fault.child("detail").and_then(|detail| detail.children().first());
        let kind = detail.map(|detail| detail.xsi_type().unwrap_or(detail.name()).trim_end_matches("Fault"));
        Fault {
            kind: kind.unwrap_or("Fault").to_owned(),
            message: fault.text_of("faultstring").unwrap_or_default().to_owned(),
            detail: Arc::new(detail.cloned().unwrap_or_default()),
        }
    }

    /// The fault of a task or of a property: a `LocalizedMethodFault`.
    pub(super) fn localized(fault: &Element) -> Self {
        let detail = fault.child("fault");
        let kind = detail.and_then(Element::xsi_type);
        Fault {
            kind: kind.unwrap_or("Fault").to_owned(),
            message: fault.text_of("localizedMessage").unwrap_or_default().to_owned(),
            detail: Arc::new(detail.cloned().unwrap_or_default()),
        }
    }

    /// Whether it is a fault of this type.
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// The object that it is about.
    pub fn object(&self) -> Option<Reference> {
        ["object", "obj"]
            .into_iter()
            .find_map(|name| Reference::read(self.detail.child(name)?))
    }

    /// What a part of it says, such as `privilegeId`.
    pub fn part(&self, name: &str) -> Option<&str> {
        self.detail.text_of(name).filter(|text| !text.is_empty())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.trim().trim_end_matches('.') {
            "" => f.write_str(&self.kind)?,
            message => write!(f, "{message} ({})", self.kind)?,
        }
        match (self.part("existingState"), self.part("requestedState")) {
            (Some(is), Some(asked)) => write!(f, ": it is `{is}`, and `{asked}` is asked for"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Fault {}

/// A version as numbers, so that 10 is more than 9; letters count as nothing.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:i=\"{XSI}\"><soapenv:Body>{inside}</soapenv:Body></soapenv:Envelope>"
        )
    }

    #[test]
    fn request_is_an_envelope_in_the_namespace_of_vim25() {
        let method = Element::new("CurrentTime").value("_this", "ServiceInstance");
        let request = VIM.envelope(&method, Some("\"session\"")).unwrap();
        let read = Element::read(&request).unwrap();
        assert_eq!(
            read.at(&["Body", "CurrentTime"]).unwrap().text_of("_this"),
            Some("ServiceInstance")
        );
        assert!(request.contains("xmlns=\"urn:vim25\""));
        assert!(!request.contains("session"), "the cookie says it");
    }

    #[test]
    fn request_about_policies_says_whose_session_it_is() {
        let method = Element::new("PbmRetrieveServiceContent").value("_this", "ServiceInstance");
        let request = PBM.envelope(&method, Some("\"a<b\"")).unwrap();
        assert_eq!(
            request,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:pbm\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
             <soapenv:Header><vcSessionCookie xmlns=\"\">a&lt;b</vcSessionCookie></soapenv:Header>\
             <soapenv:Body><PbmRetrieveServiceContent><_this>ServiceInstance</_this></PbmRetrieveServiceContent>\
             </soapenv:Body></soapenv:Envelope>"
        );
    }

    #[test]
    fn action_names_the_version_of_the_server_up_to_the_newest_known() {
        assert_eq!(VIM.action("7.0.3.0"), "urn:vim25/7.0.3.0");
        assert_eq!(VIM.action("9.0.0.0"), "urn:vim25/9.0.0.0");
        assert_eq!(VIM.action("10.0.0.1"), "urn:vim25/9.0.0.0");
        assert_eq!(PBM.action("8.0.3.0"), "urn:pbm/");
    }

    #[test]
    fn answer_is_the_response_of_the_method() {
        let text = body("<LoginResponse><returnval><key>1</key></returnval></LoginResponse>");
        let element = answer("Login", &text).unwrap().unwrap();
        assert_eq!(element.at(&["returnval", "key"]).unwrap().text(), "1");
        assert!(matches!(answer("Logout", &text), Err(AnswerError::Shape)));
        assert!(matches!(answer("Login", "<html/>"), Err(AnswerError::Shape)));
        assert!(matches!(answer("Login", "502 Bad Gateway"), Err(AnswerError::Xml(_))));
    }

    #[test]
    fn fault_of_a_call_says_type_object_and_privilege() {
        let text = body(
            "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>Permission was denied.</faultstring><detail>\
             <NoPermissionFault i:type=\"NoPermission\"><object type=\"Folder\">group-v3</object>\
             <privilegeId>VirtualMachine.Inventory.Create</privilegeId></NoPermissionFault></detail></soapenv:Fault>",
        );
        let fault = answer("CloneVM_Task", &text).unwrap().unwrap_err();
        assert!(fault.is("NoPermission"));
        assert_eq!(fault.object(), Some(Reference::new("Folder", "group-v3")));
        assert_eq!(fault.part("privilegeId"), Some("VirtualMachine.Inventory.Create"));
        assert_eq!(fault.to_string(), "Permission was denied (NoPermission)");
    }

    #[test]
    fn answer_that_shows_nothing_as_nobody_is_logged_in_is_a_fault() {
        let missing = |kind: &str| {
            body(&format!(
                "<RetrievePropertiesExResponse><returnval><objects><obj type=\"Task\">task-1</obj><missingSet><path>info</path>\
                 <fault><fault i:type=\"{kind}\"/></fault></missingSet></objects></returnval></RetrievePropertiesExResponse>"
            ))
        };
        let fault = answer("RetrievePropertiesEx", &missing("NotAuthenticated"))
            .unwrap()
            .unwrap_err();
        assert!(fault.is("NotAuthenticated"));
        assert!(
            answer("RetrievePropertiesEx", &missing("NoPermission"))
                .unwrap()
                .is_ok()
        );
    }

    #[test]
    fn fault_without_a_type_is_named_by_its_element() {
        let text = body("<soapenv:Fault><faultstring/><detail><InvalidLoginFault/></detail></soapenv:Fault>");
        let fault = answer("Login", &text).unwrap().unwrap_err();
        assert_eq!(
            (fault.kind.as_str(), fault.to_string().as_str()),
            ("InvalidLogin", "InvalidLogin")
        );
    }

    #[test]
    fn fault_of_a_task_is_read_from_its_localized_form() {
        let error = format!(
            "<error xmlns:i=\"{XSI}\"><fault i:type=\"InvalidPowerState\"><requestedState>poweredOn</requestedState>\
             <existingState>poweredOn</existingState></fault><localizedMessage>It is on.</localizedMessage></error>"
        );
        let fault = Fault::localized(&Element::read(&error).unwrap());
        assert_eq!(fault.part("existingState"), Some("poweredOn"));
        assert_eq!(
            fault.to_string(),
            "It is on (InvalidPowerState): it is `poweredOn`, and `poweredOn` is asked for"
        );
    }
}
