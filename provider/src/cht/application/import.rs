//! How something in an application is named for an import: `<namespace>/<name>`.
//!
//! An import has no configuration, so there is no login for a public address: what is imported is reached through the
//! cluster of the provider block.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::attribute::InstanceAddress;

/// The two parts of an id.
pub(in crate::cht) struct ImportName {
    pub(in crate::cht) instance: String,
    pub(in crate::cht) name: String,
}

impl ImportName {
    /// Takes an id apart; `example` is one of the right form.
    pub(in crate::cht) fn parse(id: &str, example: &str) -> Result<Self, Diagnostics> {
        let parts = id.split_once('/').filter(|(instance, name)| {
            let is_url = instance.ends_with(':');
            !instance.is_empty() && !name.is_empty() && !is_url
        });
        match parts {
            Some((instance, name)) => Ok(ImportName {
                instance: instance.to_owned(),
                name: name.to_owned(),
            }),
            None => Err(Diagnostic::error(
                "Id has another form",
                format!(
                    "`{id}` is not the id of something in a CHT instance: it begins with the namespace of the instance, such \
                     as `{example}`. What is reached by a public address can only be imported through its cluster."
                ),
            )
            .into()),
        }
    }
}

/// The address of an instance that an identity names.
pub(in crate::cht) fn address_of(instance: &str) -> Result<InstanceAddress, Diagnostics> {
    if instance.contains("://") {
        return Err(Diagnostic::error(
            "Instance has another form",
            format!(
                "`{instance}` is a public address, for which an import has no login. Give the namespace of the instance: what \
                 is in it is then reached through the cluster that the provider block names."
            ),
        )
        .into());
    }
    Ok(in_namespace(instance))
}

/// The address of an instance in the cluster of the provider block.
pub(in crate::cht) fn in_namespace(namespace: &str) -> InstanceAddress {
    InstanceAddress {
        namespace: Some(namespace.to_owned()),
        ..InstanceAddress::default()
    }
}
