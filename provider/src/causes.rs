//! The chain of errors behind an error.

use std::error::Error;
use std::io;

/// Whether the answer is yes for an error or one of its causes. An [`io::Error`] hides the error that it wraps from
/// `source`, and TLS errors arrive wrapped that way.
pub(crate) fn any(error: &(dyn Error + 'static), question: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    question(error)
        || wrapped.is_some_and(|error| any(error, question))
        || error.source().is_some_and(|error| any(error, question))
}

/// Whether it is the certificate of the other side that is not trusted.
pub(crate) fn is_certificate(error: &(dyn Error + 'static)) -> bool {
    any(error, &|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        )
    })
}
