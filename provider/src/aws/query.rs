//! Calls in the Query protocols, which are forms, and their answers, which are XML: EC2, and Elastic Load Balancing.
//!
//! The SDK has no client of EC2 that can be built in reasonable time: of its more than 800 operations a few are used
//! here. How [forms](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html) are written is the same
//! for all. Nothing here does I/O: [`super::http`] signs and sends.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// All but the characters that need no encoding in any part of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A service that speaks a Query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Machines and networks.
    Ec2,
    /// Load balancers.
    LoadBalancing,
}

/// The parameters of a call.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// The service.
    pub(super) service: Service,
    /// The operation.
    pub(super) operation: &'static str,
    parameters: Vec<(String, String)>,
    filters: usize,
}

impl Service {
    /// Its name in permissions, signatures and addresses.
    pub(super) fn name(self) -> &'static str {
        match self {
            Service::Ec2 => "ec2",
            Service::LoadBalancing => "elasticloadbalancing",
        }
    }

    /// What the environment and profiles call it.
    pub(super) fn id(self) -> &'static str {
        match self {
            Service::Ec2 => "EC2",
            Service::LoadBalancing => "Elastic Load Balancing v2",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Service::Ec2 => "2016-11-15",
            Service::LoadBalancing => "2015-12-01",
        }
    }

    /// What stands between the name of a list and the number of an element.
    fn member(self) -> &'static str {
        match self {
            Service::Ec2 => "",
            Service::LoadBalancing => "member.",
        }
    }
}

impl Form {
    /// A call of EC2.
    pub(super) fn ec2(operation: &'static str) -> Self {
        Self::new(Service::Ec2, operation)
    }

    /// A call of Elastic Load Balancing.
    pub(super) fn load_balancing(operation: &'static str) -> Self {
        Self::new(Service::LoadBalancing, operation)
    }

    fn new(service: Service, operation: &'static str) -> Self {
        Form {
            service,
            operation,
            parameters: Vec::new(),
            filters: 0,
        }
    }

    /// With a parameter.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push((name.to_owned(), value.into()));
        self
    }

    /// With a list as a parameter.
    pub(super) fn with_each<'v>(mut self, name: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let member = self.service.member();
        for (index, value) in values.into_iter().enumerate() {
            self.parameters
                .push((format!("{name}.{member}{}", index + 1), value.to_owned()));
        }
        self
    }

    /// With a filter of what is listed.
    pub(super) fn filter<'v>(mut self, name: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        self.filters += 1;
        let number = self.filters;
        self.with(&format!("Filter.{number}.Name"), name)
            .with_each(&format!("Filter.{number}.Value"), values)
    }

    /// With tags of what is made.
    pub(super) fn tagged(mut self, resource_type: &str, tags: &BTreeMap<String, String>) -> Self {
        self = self.with("TagSpecification.1.ResourceType", resource_type);
        self.with_tags("TagSpecification.1.Tag", tags)
    }

    /// With tags as a list.
    pub(super) fn with_tags(mut self, name: &str, tags: &BTreeMap<String, String>) -> Self {
        for (index, (key, value)) in tags.iter().enumerate() {
            let number = index + 1;
            self = self
                .with(&format!("{name}.{number}.Key"), key)
                .with(&format!("{name}.{number}.Value"), value);
        }
        self
    }

    /// The text that is sent.
    pub(super) fn body(&self) -> String {
        let mut body = format!("Action={}&Version={}", self.operation, self.service.version());
        for (name, value) in &self.parameters {
            body.push_str(&format!("&{name}={}", utf8_percent_encode(value, ENCODED)));
        }
        body
    }
}

/// Reads an answer.
///
/// # Errors
/// It is not of this form.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, quick_xml::DeError> {
    quick_xml::de::from_str(text)
}

/// Reads what a service says when it refuses; what is no such answer has no code.
pub(super) fn refusal(status: u16, text: &str) -> Refusal {
    let answer: Refused = quick_xml::de::from_str(text).unwrap_or_default();
    let error = answer.errors.error.or(answer.error).unwrap_or_default();
    Refusal {
        code: error.code,
        message: error.message,
        request_id: answer.request_id,
        status,
    }
}

/// EC2 has a list of errors, and the others have one.
#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default, rename = "Errors")]
    errors: Errors,
    #[serde(rename = "Error")]
    error: Option<OneError>,
    #[serde(alias = "RequestID", alias = "RequestId")]
    request_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Errors {
    #[serde(rename = "Error")]
    error: Option<OneError>,
}

#[derive(Default, Deserialize)]
struct OneError {
    #[serde(default, rename = "Code")]
    code: String,
    #[serde(default, rename = "Message")]
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_number_lists_as_their_service_does() {
        let tags = BTreeMap::from([("Name".to_owned(), "moh & co".to_owned())]);
        let form = Form::ec2("CreateVpc")
            .with("CidrBlock", "10.0.0.0/16")
            .tagged("vpc", &tags);
        assert_eq!(
            form.body(),
            "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16&TagSpecification.1.ResourceType=vpc\
             &TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=moh%20%26%20co"
        );
        let form = Form::ec2("DescribeSubnets")
            .filter("vpc-id", ["vpc-1"])
            .filter("tag-key", ["a", "b"]);
        assert_eq!(
            form.body(),
            "Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.2.Name=tag-key\
             &Filter.2.Value.1=a&Filter.2.Value.2=b"
        );
        let form = Form::load_balancing("DescribeTags").with_each("ResourceArns", ["arn:1"]);
        assert_eq!(
            form.body(),
            "Action=DescribeTags&Version=2015-12-01&ResourceArns.member.1=arn%3A1"
        );
    }

    #[test]
    fn refusals_of_both_protocols_are_read() {
        let of_ec2 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>\
                      <Message>The vpc ID 'vpc-1' does not exist</Message></Error></Errors><RequestID>0a</RequestID></Response>";
        let read = refusal(400, of_ec2);
        assert_eq!(read.code, "InvalidVpcID.NotFound");
        assert_eq!(read.message, "The vpc ID 'vpc-1' does not exist");
        assert_eq!(read.request_id.as_deref(), Some("0a"));
        let of_others = "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error><Type>Sender\
                         </Type><Code>LoadBalancerNotFound</Code><Message>gone</Message></Error><RequestId>0b</RequestId></ErrorResponse>";
        let read = refusal(400, of_others);
        assert_eq!(
            (read.code.as_str(), read.request_id.as_deref()),
            ("LoadBalancerNotFound", Some("0b"))
        );
        assert_eq!(refusal(502, "<html>Bad gateway").code, "");
    }
}
