//! Errors in the words of each service: the same refusal has another code, another status and another form in each of
//! AWS's protocols.

use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};

/// How a service speaks, by botocore's names of protocols.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Protocol {
    /// EC2.
    Ec2,
    /// IAM, STS, load balancers.
    Query,
    /// ACM, logs.
    Json,
    /// EKS.
    RestJson,
    /// Route 53.
    RestXml,
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// Too many calls.
    Throttled,
    /// The caller may not do that: who, and what.
    Forbidden { caller: String, action: String },
    /// The credentials are no longer valid.
    Expired,
    /// Nobody has such a key.
    UnknownKey,
    /// The service fails.
    Failed,
    /// What a service says in its own words, with further members where answers are JSON.
    Other(Answered),
}

/// An error as a service answers it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) members: Map<String, Value>,
}

impl Protocol {
    /// By botocore's name.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "ec2" => Self::Ec2,
            "json" => Self::Json,
            "rest-json" => Self::RestJson,
            "rest-xml" => Self::RestXml,
            _ => Self::Query,
        }
    }

    fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::RestJson)
    }
}

impl Refusal {
    /// An error in a service's own words.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Other(Answered::new(status, code, message))
    }

    /// In the words of a service.
    pub(super) fn answered(&self, protocol: Protocol) -> Answered {
        let (status, code, message) = match self {
            Self::Other(answered) => return answered.clone(),
            Self::Throttled => throttled(protocol),
            Self::Forbidden { caller, action } => return forbidden(protocol, caller, action),
            Self::Expired => expired(protocol),
            Self::UnknownKey => unknown_key(protocol),
            Self::Failed => failed(protocol),
        };
        Answered::new(status, code, message)
    }
}

impl Answered {
    /// An error without further members.
    pub(super) fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            members: Map::new(),
        }
    }

    /// The answer on the way to the client.
    pub(super) fn response(&self, protocol: Protocol, request_id: &str) -> Response<Full<Bytes>> {
        let (code, message) = (escaped(&self.code), escaped(&self.message));
        let body = match protocol {
            Protocol::Ec2 => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
                 <Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            ),
            Protocol::Query | Protocol::RestXml => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>"
            ),
            Protocol::Json | Protocol::RestJson => {
                let mut body = self.members.clone();
                body.insert("message".to_owned(), json!(self.message));
                if protocol == Protocol::Json {
                    body.insert("__type".to_owned(), json!(self.code));
                }
                Value::Object(body).to_string()
            }
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content = if protocol.is_json() {
            "application/json"
        } else {
            "text/xml"
        };
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set("content-type", content);
        set("x-amzn-requestid", request_id);
        if protocol == Protocol::RestJson {
            set("x-amzn-errortype", &self.code);
        }
        response
    }
}

fn throttled(protocol: Protocol) -> (u16, &'static str, &'static str) {
    match protocol {
        Protocol::Ec2 => (503, "RequestLimitExceeded", "Request limit exceeded."),
        Protocol::Query | Protocol::RestXml => (400, "Throttling", "Rate exceeded"),
        Protocol::Json => (400, "ThrottlingException", "Rate exceeded"),
        Protocol::RestJson => (429, "ThrottlingException", "Rate exceeded"),
    }
}

fn forbidden(protocol: Protocol, caller: &str, action: &str) -> Answered {
    let reason = format!(
        "User: {caller} is not authorized to perform: {action} because no identity-based policy allows the {action} \
         action"
    );
    let (status, code, message) = match protocol {
        Protocol::Ec2 => (
            403,
            "UnauthorizedOperation",
            format!("You are not authorized to perform this operation. {reason}"),
        ),
        Protocol::Query | Protocol::RestXml => (403, "AccessDenied", reason),
        Protocol::Json => (400, "AccessDeniedException", reason),
        Protocol::RestJson => (403, "AccessDeniedException", reason),
    };
    Answered::new(status, code, &message)
}

fn expired(protocol: Protocol) -> (u16, &'static str, &'static str) {
    let message = "The security token included in the request is expired";
    match protocol {
        Protocol::Ec2 => (400, "RequestExpired", "Request has expired."),
        Protocol::Query | Protocol::RestXml => (403, "ExpiredToken", message),
        Protocol::Json => (400, "ExpiredTokenException", message),
        Protocol::RestJson => (403, "ExpiredTokenException", message),
    }
}

fn unknown_key(protocol: Protocol) -> (u16, &'static str, &'static str) {
    let message = "The security token included in the request is invalid.";
    match protocol {
        Protocol::Ec2 => (
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
        ),
        Protocol::Query | Protocol::RestXml => (403, "InvalidClientTokenId", message),
        Protocol::Json => (400, "UnrecognizedClientException", message),
        Protocol::RestJson => (403, "UnrecognizedClientException", message),
    }
}

fn failed(protocol: Protocol) -> (u16, &'static str, &'static str) {
    match protocol {
        Protocol::Ec2 => (500, "InternalError", "An internal error has occurred"),
        Protocol::Query | Protocol::RestXml => (500, "ServiceFailure", "An internal error has occurred"),
        Protocol::Json | Protocol::RestJson => (500, "InternalFailure", "An internal error has occurred"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
