//! The section of a page on imports: by identity, by id, and by the command.

use std::path::Path;

use anyhow::Result;

use super::read;

/// Examples of an import.
pub(super) struct Import {
    /// A block that gives an identity.
    pub(super) by_identity: String,
    /// A block that gives an id.
    pub(super) by_id: String,
    /// The command.
    pub(super) command: String,
}

impl Import {
    /// The examples in a folder, under the names that `tfplugindocs` gives them.
    pub(super) fn of(example: &Path) -> Result<Import> {
        Ok(Import {
            by_identity: read(&example.join("import-by-identity.tf"))?,
            by_id: read(&example.join("import-by-string-id.tf"))?,
            command: read(&example.join("import.sh"))?,
        })
    }

    /// The section of a page.
    pub(super) fn render(&self) -> String {
        let [by_identity, by_id, command] = [&self.by_identity, &self.by_id, &self.command].map(|text| text.trim_end());
        format!(
            "\n## Import\n\nAn `import` block names the object by its identity, with OpenTofu or Terraform 1.12 and later:\n\n\
             ```terraform\n{by_identity}\n```\n\nIt can name it by its id as well:\n\n```terraform\n{by_id}\n```\n\n\
             So does the command:\n\n```shell\n{command}\n```\n"
        )
    }
}
