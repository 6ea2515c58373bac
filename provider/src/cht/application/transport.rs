//! Both ways to the API as one, so that what uses them need not know which it is.

use http::{Request, Response};
use hyper::body::Bytes;

use crate::cht::https::HttpsTransport;
use crate::cht::port_forward::PortForwardTransport;
use crate::cht::transport::{Transport, TransportError};

/// One of the ways to the API.
pub(in crate::cht) enum Way {
    PortForward(Box<PortForwardTransport>),
    Https(HttpsTransport),
}

impl Transport for Way {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match self {
            Way::PortForward(transport) => transport.send(request).await,
            Way::Https(transport) => transport.send(request).await,
        }
    }
}
