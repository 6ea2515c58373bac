//! The attributes of `cht_acm_certificate`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::types::CertificateDetail;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::route53::plain;
use super::super::tags::{self, Tags};
use super::super::time::rfc3339;
use super::super::{names, rules};

/// Manages a certificate of AWS Certificate Manager, and proves in Route 53 whose its names are, so that it is issued.
/// Load balancers of AWS take it by its ARN; it costs nothing, and AWS renews it as long as the records are there.
///
/// With `hosted_zone_id` the records are made, and the apply waits until the certificate is issued, which takes AWS
/// some minutes. Without it, `validation_records` says which records somebody has to make elsewhere.
///
/// A name and its wildcard have the same record, and so have certificates for the same name: a record that is there
/// already is left as it is, and destroying one certificate leaves the records that others in the region need. A
/// certificate for the same name in another region needs them, too: keep one `cht_acm_certificate` as long as there is
/// another.
///
/// A load balancer keeps the certificate that it uses: destroying it waits until nothing uses it any more. Other names
/// make another certificate; with `lifecycle { create_before_destroy = true }` there is no time without one.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "60m", read = "5m", update = "60m", delete = "20m"))]
pub struct CertificateModel {
    /// The name that it is for, such as `moh.example.org`, or `*.moh.example.org` for all names below that. It has 64
    /// characters at most.
    #[tf(replace, validate(names::domain(), names::short()))]
    pub domain_name: String,
    /// Further names that it is for. AWS allows nine, unless the quota is raised.
    #[tf(
        replace,
        validate(Validator::not_empty(), Validator::length(1..=99), Validator::each(names::domain()))
    )]
    pub subject_alternative_names: Option<BTreeSet<String>>,
    /// Id of the public hosted zone in Route 53 that has all of the names. The records that prove whose they are, are
    /// made in it.
    #[tf(validate(names::hosted_zone_id()))]
    pub hosted_zone_id: Option<String>,
    /// Whether an apply waits until the certificate is issued. Default: it does if `hosted_zone_id` is given; where
    /// somebody has to make the records elsewhere first, they are needed for that.
    pub wait_for_validation: Option<bool>,
    /// Tags, beside the provider's `default_tags`.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// ARN of the certificate.
    #[tf(keep_non_null)]
    pub arn: Attr<Text<Arn>>,
    /// How far it is: `PENDING_VALIDATION`, `ISSUED`, or why it cannot be used: `FAILED`, `VALIDATION_TIMED_OUT`,
    /// `EXPIRED`, `REVOKED`, `INACTIVE`. One that can never be issued is replaced by the next apply.
    pub status: Attr<String>,
    /// Until when it is valid. AWS renews it some weeks before.
    pub not_after: Attr<String>,
    /// The records that prove whose the names are, each once.
    #[tf(keep_non_null)]
    pub validation_records: Attr<Vec<ValidationRecord>>,
    /// What differs from what was made, one line for each difference. The next apply puts it right.
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// A record that proves whose a name is.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct ValidationRecord {
    /// The name that it proves, and with it the wildcard below that.
    pub domain_name: String,
    /// Name of the record.
    pub name: String,
    /// Type of the record: `CNAME`.
    pub r#type: String,
    /// Value of the record.
    pub value: String,
}

/// What names a certificate.
#[derive(Clone, Debug, Identity)]
pub struct CertificateIdentity {
    /// ARN of the certificate.
    pub arn: String,
}

impl IdentityOf<CertificateModel> for CertificateIdentity {
    fn of(certificate: &CertificateModel) -> Option<Self> {
        let arn = certificate.arn.known()?.as_str().to_owned();
        Some(CertificateIdentity { arn })
    }
}

impl CertificateModel {
    /// The ARN; empty as long as there is none.
    pub(super) fn arn(&self) -> &str {
        self.arn.known().map(Text::as_str).unwrap_or_default()
    }

    /// All names.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let others = self.subject_alternative_names.iter().flatten();
        others.chain([&self.domain_name]).map(|name| plain(name)).collect()
    }

    /// Whether an apply waits until it is issued.
    pub(super) fn waits(&self) -> bool {
        self.wait_for_validation.unwrap_or(self.hosted_zone_id.is_some())
    }

    /// The records, as far as AWS has told them.
    pub(super) fn records(&self) -> &[ValidationRecord] {
        self.validation_records.known().map(Vec::as_slice).unwrap_or_default()
    }

    /// With what Certificate Manager says.
    pub(super) fn observed(mut self, detail: &CertificateDetail, tags: &Tags) -> Self {
        self.arn = parsed(detail.certificate_arn());
        self.status = detail.status().map(|status| status.as_str().to_owned()).into();
        self.not_after = detail.not_after().and_then(rfc3339).into();
        self.validation_records = records(detail).into();
        self.tags = tags::observed(self.tags.as_ref(), tags);
        self.drift = Attr::Known(Vec::new());
        self
    }

    /// A certificate of which only what AWS knows is known.
    pub(super) fn imported(detail: &CertificateDetail, tags: &Tags, defaults: &Tags) -> Self {
        let domain_name = plain(detail.domain_name().unwrap_or_default());
        let others = detail.subject_alternative_names().iter().map(|name| plain(name));
        let others: BTreeSet<String> = others.filter(|name| *name != domain_name).collect();
        let model = CertificateModel {
            domain_name,
            subject_alternative_names: (!others.is_empty()).then_some(others),
            hosted_zone_id: None,
            wait_for_validation: None,
            tags: tags::of_user(tags, defaults),
            arn: Attr::Null,
            status: Attr::Null,
            not_after: Attr::Null,
            validation_records: Attr::Null,
            drift: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.observed(detail, tags)
    }
}

/// The records, once AWS has all of them: it takes some seconds after a request.
pub(super) fn records(detail: &CertificateDetail) -> Option<Vec<ValidationRecord>> {
    let options = detail.domain_validation_options();
    let mut found = BTreeMap::new();
    for option in options {
        let record = option.resource_record()?;
        let name = plain(record.name());
        let domain_name = plain(&option.domain_name);
        let record = ValidationRecord {
            domain_name: names::without_wildcard(&domain_name).to_owned(),
            name: name.clone(),
            r#type: record.r#type().as_str().to_owned(),
            value: plain(record.value()),
        };
        found.insert(name, record);
    }
    (!found.is_empty()).then(|| found.into_values().collect())
}

fn parsed(arn: Option<&str>) -> Attr<Text<Arn>> {
    arn.and_then(|arn| arn.parse().ok()).into()
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{DomainValidation, RecordType, ResourceRecord};

    use super::*;

    fn option(domain: &str, record: Option<&str>) -> DomainValidation {
        let record = record.map(|name| {
            ResourceRecord::builder()
                .name(name)
                .r#type(RecordType::Cname)
                .value("_x.acm-validations.aws.")
                .build()
                .unwrap()
        });
        let option = DomainValidation::builder().domain_name(domain);
        option.set_resource_record(record).build().unwrap()
    }

    #[test]
    fn a_name_and_its_wildcard_have_one_record() {
        let detail = |second: Option<&str>| {
            CertificateDetail::builder()
                .domain_validation_options(option("moh.example.org", Some("_a.moh.example.org.")))
                .domain_validation_options(option("*.moh.example.org", second))
                .build()
        };
        let found = records(&detail(Some("_a.moh.example.org."))).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].domain_name.as_str(), found[0].name.as_str()),
            ("moh.example.org", "_a.moh.example.org")
        );
        assert_eq!(records(&detail(None)), None, "AWS has not told all yet");
    }
}
