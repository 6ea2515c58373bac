//! The calls of Certificate Manager.
//!
//! API: [RequestCertificate](https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html),
//! DescribeCertificate, ListCertificates, DeleteCertificate and those about tags.

use std::sync::Arc;

use aws_sdk_acm::types::{CertificateDetail, CertificateSummary, Tag, ValidationMethod};

use super::account::Account;
use super::error::{Error, found, gone};
use super::tags::{self, Tags};

const SERVICE: &str = "acm";

/// What a new certificate is for.
#[derive(Clone, Debug)]
pub(super) struct NewCertificate {
    /// The first name.
    pub(super) domain_name: String,
    /// The others.
    pub(super) other_names: Vec<String>,
    /// The same request with the same token makes no second certificate.
    pub(super) token: String,
    /// The tags.
    pub(super) tags: Tags,
}

impl Account {
    /// Requests a certificate, whose names are proved by records in the DNS, and answers its ARN.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn request_certificate(&self, new: NewCertificate) -> Result<String, Error> {
        let call = self.call(SERVICE, "RequestCertificate");
        let sent = self
            .services()
            .acm
            .request_certificate()
            .domain_name(new.domain_name)
            .validation_method(ValidationMethod::Dns)
            .set_subject_alternative_names((!new.other_names.is_empty()).then_some(new.other_names))
            .idempotency_token(new.token)
            .set_tags(Some(listed(&new.tags)?))
            .send();
        let answer = self.run(&call, sent).await?;
        answer.certificate_arn.ok_or(Error::Lacks { call, what: "the ARN" })
    }

    /// A certificate; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn certificate(&self, arn: &str) -> Result<Option<CertificateDetail>, Error> {
        let sent = self.services().acm.describe_certificate().certificate_arn(arn).send();
        let answer = found(self.run(&self.call(SERVICE, "DescribeCertificate"), sent).await)?;
        Ok(answer.and_then(|answer| answer.certificate))
    }

    /// The tags of a certificate.
    ///
    /// # Errors
    /// It is not there, or the call failed.
    pub(super) async fn certificate_tags(&self, arn: &str) -> Result<Tags, Error> {
        let sent = self
            .services()
            .acm
            .list_tags_for_certificate()
            .certificate_arn(arn)
            .send();
        let answer = self.run(&self.call(SERVICE, "ListTagsForCertificate"), sent).await?;
        let tags = answer.tags.unwrap_or_default().into_iter();
        Ok(tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect())
    }

    /// The certificates of the region.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn certificates(&self) -> Result<Vec<CertificateSummary>, Error> {
        let call = self.call(SERVICE, "ListCertificates");
        let mut certificates = Vec::new();
        let mut token = None;
        loop {
            let sent = self.services().acm.list_certificates().set_next_token(token).send();
            let page = self.run(&call, sent).await?;
            certificates.extend(page.certificate_summary_list.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(certificates);
            }
        }
    }

    /// Deletes a certificate, if it is there.
    ///
    /// # Errors
    /// Something uses it, or the call failed.
    pub(super) async fn delete_certificate(&self, arn: &str) -> Result<(), Error> {
        let sent = self.services().acm.delete_certificate().certificate_arn(arn).send();
        gone(self.run(&self.call(SERVICE, "DeleteCertificate"), sent).await)
    }

    /// Brings the tags of a certificate to what is wanted. Of the others, only those are taken away that were ours.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn set_certificate_tags(
        &self,
        arn: &str,
        is: &Tags,
        wanted: &Tags,
        ours: &[String],
    ) -> Result<(), Error> {
        let missing = tags::missing(wanted, is);
        if !missing.is_empty() {
            let sent = self
                .services()
                .acm
                .add_tags_to_certificate()
                .certificate_arn(arn)
                .set_tags(Some(listed(&missing)?))
                .send();
            self.run(&self.call(SERVICE, "AddTagsToCertificate"), sent).await?;
        }
        let surplus = tags::surplus(wanted, is, ours);
        if !surplus.is_empty() {
            let surplus: Result<Vec<Tag>, Error> = surplus.into_iter().map(|key| tag(key, None)).collect();
            let sent = self
                .services()
                .acm
                .remove_tags_from_certificate()
                .certificate_arn(arn)
                .set_tags(Some(surplus?))
                .send();
            self.run(&self.call(SERVICE, "RemoveTagsFromCertificate"), sent).await?;
        }
        Ok(())
    }
}

fn listed(tags: &Tags) -> Result<Vec<Tag>, Error> {
    tags.iter()
        .map(|(key, value)| tag(key.clone(), Some(value.clone())))
        .collect()
}

fn tag(key: String, value: Option<String>) -> Result<Tag, Error> {
    let tag = Tag::builder().key(key).set_value(value).build();
    tag.map_err(|error| Error::Prepare {
        source: Arc::new(error),
    })
}
