//! The storage policies of a vCenter, which say what volumes are made of: those of its policy based management (PBM),
//! an API of its own that takes the session of the others.

use super::error::Error;
use super::reference::Reference;
use super::soap::PBM;
use super::vcenter::VCenter;
use super::xml::Element;

impl VCenter {
    /// The names of all storage policies that machines and volumes can have, as far as the user may see them, in
    /// alphabetical order.
    ///
    /// # Errors
    /// A call failed.
    pub async fn storage_policies(&self) -> Result<Vec<String>, Error> {
        let method = Reference::new("PbmServiceInstance", "ServiceInstance").call("PbmRetrieveServiceContent");
        let content = self.call_of(&PBM, &method).await?;
        let manager = content.at(&["returnval", "profileManager"]).and_then(Reference::read);
        let manager = manager.ok_or_else(|| Error::Lacks {
            method: method.name().to_owned(),
            what: "the manager of storage policies",
        })?;
        let found = self.call_of(&PBM, &query(&manager)).await?;
        let ids: Vec<&str> = found.all("returnval").filter_map(|id| id.text_of("uniqueId")).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let policies = self.call_of(&PBM, &retrieve(&manager, &ids)).await?;
        Ok(names(&policies))
    }
}

/// Asks for the ids of all policies that say what is required of storage.
fn query(manager: &Reference) -> Element {
    manager
        .call("PbmQueryProfile")
        .with(Element::new("resourceType").value("resourceType", "STORAGE"))
        .value("profileCategory", "REQUIREMENT")
}

/// Asks for what policies say.
fn retrieve(manager: &Reference, ids: &[&str]) -> Element {
    let ids = ids.iter().map(|id| Element::new("profileIds").value("uniqueId", id));
    manager.call("PbmRetrieveContent").with_all(ids)
}

fn names(policies: &Element) -> Vec<String> {
    let names = policies.all("returnval").filter_map(|policy| policy.text_of("name"));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use quick_xml::Writer;

    use super::*;

    fn written(element: &Element) -> String {
        let mut writer = Writer::new(Vec::new());
        element.write(&mut writer).unwrap();
        String::from_utf8(writer.into_inner()).unwrap()
    }

    #[test]
    fn requests_are_written_in_the_order_of_the_schema() {
        let manager = Reference::new("PbmProfileProfileManager", "ProfileManager");
        assert_eq!(
            written(&query(&manager)),
            "<PbmQueryProfile><_this type=\"PbmProfileProfileManager\">ProfileManager</_this>\
             <resourceType><resourceType>STORAGE</resourceType></resourceType>\
             <profileCategory>REQUIREMENT</profileCategory></PbmQueryProfile>"
        );
        assert_eq!(
            written(&retrieve(&manager, &["aa", "bb"])),
            "<PbmRetrieveContent><_this type=\"PbmProfileProfileManager\">ProfileManager</_this>\
             <profileIds><uniqueId>aa</uniqueId></profileIds><profileIds><uniqueId>bb</uniqueId></profileIds>\
             </PbmRetrieveContent>"
        );
    }

    #[test]
    fn policies_are_named_as_people_know_them() {
        let policy = |name: &str| {
            Element::new("returnval")
                .with(Element::new("profileId").value("uniqueId", "aa"))
                .value("name", name)
        };
        let answer = Element::new("PbmRetrieveContentResponse").with_all([policy("silver"), policy("gold")]);
        assert_eq!(names(&answer), ["gold", "silver"]);
    }
}
