//! What a certificate waits for, and why one was not issued.

use aws_sdk_acm::types::{CertificateDetail, DomainStatus, FailureReason};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::route53::plain;
use super::model::{CertificateModel, ValidationRecord};

/// The status of a certificate that waits for its records.
pub(super) const PENDING: &str = "PENDING_VALIDATION";

/// The status as a text.
pub(super) fn of(detail: &CertificateDetail) -> &str {
    detail.status().map(|status| status.as_str()).unwrap_or_default()
}

/// Whether a certificate of this status can never be used (again).
pub(super) fn is_hopeless(status: &str) -> bool {
    matches!(status, "FAILED" | "VALIDATION_TIMED_OUT" | "EXPIRED" | "REVOKED")
}

/// What it waits for.
pub(super) fn pending(detail: &CertificateDetail) -> String {
    let unproved = detail
        .domain_validation_options()
        .iter()
        .filter(|option| option.validation_status() != Some(&DomainStatus::Success))
        .filter_map(|option| option.resource_record());
    let mut names: Vec<String> = unproved.map(|record| plain(record.name())).collect();
    names.sort();
    names.dedup();
    format!(
        "AWS has not seen {} yet. It asks the DNS of the internet: the registrar of the domain has to lead to the name servers of the \
         hosted zone, and no other zone may be in between",
        names.join(", ")
    )
}

/// Why it was not issued.
pub(super) fn failed(detail: &CertificateDetail) -> Diagnostics {
    let arn = detail.certificate_arn().unwrap_or_default();
    let why = match of(detail) {
        "FAILED" => of_reason(detail.failure_reason()),
        "VALIDATION_TIMED_OUT" => {
            "AWS has not seen its records within 72 hours. It asks the DNS of the internet: the registrar of the domain has to lead to the \
             name servers of the hosted zone (`dig NS` shows where it leads), and the records have to be in that zone."
        }
        "EXPIRED" => {
            "It has expired: AWS renews a certificate only as long as its records are there, and something uses it."
        }
        _ => "AWS has revoked it.",
    };
    let reason = detail.failure_reason().map(FailureReason::as_str);
    let reason = reason.map(|reason| format!("\n\nReason: {reason}")).unwrap_or_default();
    let detail = format!(
        "AWS says {} of {arn}. {why}{reason}\n\nOnce the cause is removed, apply again: it is requested anew.",
        of(detail)
    );
    Diagnostic::error("Certificate was not issued", detail)
        .at(CertificateModel::DOMAIN_NAME)
        .into()
}

fn of_reason(reason: Option<&FailureReason>) -> &'static str {
    match reason {
        Some(FailureReason::CaaError) => {
            "A CAA record of the domain, or of one above it, does not let Amazon issue certificates. Add `0 issue \"amazon.com\"` to it, and \
             for wildcards `0 issuewild \"amazon.com\"` where there is an `issuewild`; `dig CAA` shows what there is."
        }
        Some(FailureReason::AdditionalVerificationRequired) => {
            "AWS wants to know more about the domain before it issues certificates for it: open a case with the support of AWS."
        }
        Some(FailureReason::DomainNotAllowed) => {
            "Some list says that the domain is not safe. Have it taken off that list, and ask the support of AWS to look again."
        }
        Some(FailureReason::InvalidPublicDomain) => {
            "A name is none that a public certificate can have: its last part is no public top-level domain."
        }
        Some(FailureReason::DomainValidationDenied) => "The owner of the domain has refused it.",
        _ => "AWS does not say more; its console may.",
    }
}

/// Somebody has to make the records.
pub(super) fn waits_for_records(records: &[ValidationRecord]) -> Diagnostic {
    let lines: Vec<String> = records
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.r#type, record.value))
        .collect();
    let detail = format!(
        "AWS issues it when these records are in the DNS. Nobody can use it before, so make them within 72 hours, and keep them: it is \
         renewed by them, too.\n\n{}",
        lines.join("\n")
    );
    Diagnostic::warning("Certificate waits for its records", detail).at(CertificateModel::STATUS)
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::CertificateStatus;

    use super::*;

    fn said(status: CertificateStatus, reason: Option<FailureReason>) -> String {
        let detail = CertificateDetail::builder().status(status).set_failure_reason(reason);
        failed(&detail.build()).to_string()
    }

    #[test]
    fn a_failure_says_what_to_do() {
        let caa = said(CertificateStatus::Failed, Some(FailureReason::CaaError));
        assert!(
            caa.contains("issue \"amazon.com\"") && caa.contains("Reason: CAA_ERROR"),
            "{caa}"
        );
        let late = said(CertificateStatus::ValidationTimedOut, None);
        assert!(late.contains("72 hours") && late.contains("name servers"), "{late}");
        assert!(!is_hopeless(PENDING) && !is_hopeless("ISSUED") && is_hopeless("EXPIRED"));
    }
}
