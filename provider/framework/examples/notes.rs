//! A provider of notes, which are text files in a folder: everything that a small provider needs, in one file.
//!
//! Read it from top to bottom: the provider and its configuration, a resource, a data source, and `main`. To try it:
//!
//! ```sh
//! cargo build --package tf-framework --example notes
//! ```
//!
//! Put the program into a folder under the name `terraform-provider-notes`, name that folder in a file for
//! `TF_CLI_CONFIG_FILE`, and write a configuration with a `notes_note`; there is no need for `tofu init`:
//!
//! ```hcl
//! provider_installation {
//!   dev_overrides {
//!     "example/notes" = "/path/to/the/folder"
//!   }
//!   direct {}
//! }
//! ```

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tf_framework::context::{Context, Scope};
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::provider::{DataSourceEntry, Provider, ResourceEntry};
use tf_framework::resource::Resource;
use tf_framework::schema::Validator;
use tf_framework::{Attr, ImportBy, Model, NoIdentity};
use tokio::fs;

/// Keeps notes in a folder.
struct Notes;

/// The provider block.
#[derive(Model)]
struct NotesModel {
    /// The folder with the notes. It has to exist.
    directory: String,
}

/// What every resource and data source gets: here, the only place that touches files.
struct Folder {
    /// None as long as it is not known, which can only be during a plan.
    directory: Option<PathBuf>,
}

impl Provider for Notes {
    type Model = NotesModel;
    type Clients = Folder;

    const NAME: &'static str = "notes";
    const ADDRESS: &'static str = "registry.opentofu.org/example/notes";

    /// During a plan, the folder may come from a resource that does not exist yet. That is no error: an operation that
    /// needs it says so.
    async fn configure(&self, config: NotesModelDraft) -> Result<Folder, Diagnostics> {
        let directory = config.directory.known().map(PathBuf::from);
        Ok(Folder { directory })
    }

    fn resources(&self) -> Vec<ResourceEntry<Folder>> {
        vec![ResourceEntry::new(Note)]
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Folder>> {
        vec![DataSourceEntry::new(Titles)]
    }
}

/// `notes_note`: one note.
struct Note;

/// A note in a file.
#[derive(Model)]
struct NoteModel {
    /// Its title, which is the name of the file.
    #[tf(replace, validate(title()))]
    title: String,
    /// What it says.
    text: String,
    /// The file that it is in.
    #[tf(keep)]
    path: Attr<String>,
    /// How many bytes it has.
    #[tf(depends_on(text))]
    size: Attr<i64>,
}

impl Resource for Note {
    type Model = NoteModel;
    type Clients = Folder;
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "notes_note";

    async fn create(&self, cx: &Context<Self>, plan: NoteModel) -> Result<NoteModel, Diagnostics> {
        let note = plan.filed(cx.clients())?;
        cx.clients().create(&note).await?;
        // From here on there is a file: whatever happens next, the state knows of it.
        cx.checkpoint(&note);
        cx.clients().write(&note).await?;
        Ok(note)
    }

    /// The text is that of the file, so that a note that somebody edited shows as a change in the next plan.
    async fn read(&self, cx: &Context<Self>, state: NoteModel) -> Result<Option<NoteModel>, Diagnostics> {
        let text = cx.clients().read(&state.title).await?;
        text.map(|text| NoteModel { text, ..state }.filed(cx.clients()))
            .transpose()
    }

    async fn update(&self, cx: &Context<Self>, _prior: NoteModel, plan: NoteModel) -> Result<NoteModel, Diagnostics> {
        let note = plan.filed(cx.clients())?;
        cx.clients().write(&note).await?;
        Ok(note)
    }

    async fn delete(&self, cx: &Context<Self>, state: NoteModel) -> Result<(), Diagnostics> {
        cx.clients().remove(&state.title).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<NoteModel, Diagnostics> {
        let ImportBy::Id(title) = by;
        let note = NoteModel {
            title,
            text: String::new(),
            path: Attr::Null,
            size: Attr::Null,
        };
        note.filed(cx.clients())
    }
}

impl NoteModel {
    /// This note with everything that follows from its title and its text.
    fn filed(mut self, folder: &Folder) -> Result<Self, Diagnostics> {
        self.path = Attr::Known(folder.file(&self.title)?.display().to_string());
        self.size = Attr::Known(i64::try_from(self.text.len()).unwrap_or(i64::MAX));
        Ok(self)
    }
}

/// Titles name files of the folder and none elsewhere.
fn title() -> Validator {
    Validator::string("a title of letters, digits, `-` and `_`", |title| {
        let fits = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if !title.is_empty() && title.chars().all(fits) {
            Ok(())
        } else {
            Err("A title has letters, digits, `-` and `_` only, such as `to-do`.".to_owned())
        }
    })
}

/// `notes_titles`: what there is.
struct Titles;

/// The titles of all notes in the folder.
#[derive(Model)]
struct TitlesModel {
    /// The titles, in alphabetical order.
    titles: Attr<Vec<String>>,
}

impl DataSource for Titles {
    type Model = TitlesModel;
    type Clients = Folder;

    const TYPE_NAME: &'static str = "notes_titles";

    async fn read(&self, scope: &Scope<Folder>, _config: TitlesModel) -> Result<TitlesModel, Diagnostics> {
        let titles = Attr::Known(scope.clients().titles().await?);
        Ok(TitlesModel { titles })
    }
}

impl Folder {
    fn directory(&self) -> Result<&Path, Diagnostics> {
        self.directory.as_deref().ok_or_else(|| {
            let detail = "The folder with the notes is not known yet. Apply what it comes from first.";
            Diagnostics::error("Folder not known", detail)
        })
    }

    fn file(&self, title: &str) -> Result<PathBuf, Diagnostics> {
        Ok(self.directory()?.join(format!("{title}.txt")))
    }

    /// Makes the file. One that is there belongs to somebody else: it is never overwritten.
    async fn create(&self, note: &NoteModel) -> Result<(), Diagnostics> {
        let path = self.file(&note.title)?;
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => Diagnostic::error(
                "Note already exists",
                format!(
                    "There is a file {} already. Choose another title, or import the note by its title.",
                    path.display()
                ),
            )
            .at(NoteModel::TITLE)
            .into(),
            _ => unable("create", &path, &error),
        };
        fs::File::create_new(&path).await.map(drop).map_err(failed)
    }

    async fn write(&self, note: &NoteModel) -> Result<(), Diagnostics> {
        let path = self.file(&note.title)?;
        let written = fs::write(&path, &note.text).await;
        written.map_err(|error| unable("write", &path, &error))
    }

    /// The text of a note; none if there is no such note.
    async fn read(&self, title: &str) -> Result<Option<String>, Diagnostics> {
        let path = self.file(title)?;
        match fs::read_to_string(&path).await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unable("read", &path, &error)),
        }
    }

    /// That it is gone already is success.
    async fn remove(&self, title: &str) -> Result<(), Diagnostics> {
        let path = self.file(title)?;
        match fs::remove_file(&path).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unable("remove", &path, &error)),
            _ => Ok(()),
        }
    }

    async fn titles(&self) -> Result<Vec<String>, Diagnostics> {
        let directory = self.directory()?;
        let failed = |error: std::io::Error| unable("list", directory, &error);
        let mut entries = fs::read_dir(directory).await.map_err(failed)?;
        let mut titles = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(failed)? {
            let name = entry.file_name();
            titles.extend(name.to_string_lossy().strip_suffix(".txt").map(str::to_owned));
        }
        titles.sort();
        Ok(titles)
    }
}

fn unable(step: &str, path: &Path, error: &std::io::Error) -> Diagnostics {
    Diagnostics::error(
        format!("Unable to {step} note"),
        format!("Cannot {step} {}: {error}.", path.display()),
    )
}

fn main() -> ExitCode {
    tf_framework::serve(Notes, &[])
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tf_framework::testing::Core;

    use super::*;

    /// A core with one note in its configuration, and the folder.
    fn core() -> (Core<Notes>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let config = json!({ "directory": directory.path() });
        let core = Core::new(Notes, Note::TYPE_NAME).with_provider_config(config);
        (core, directory)
    }

    #[test]
    fn the_schemas_keep_the_rules() {
        assert_eq!(Notes.lint(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_note_lives_from_create_to_destroy() {
        let (mut core, directory) = core();
        let file = directory.path().join("to-do.txt");
        let state = core.apply(json!({ "title": "to-do", "text": "Rest." })).await.unwrap();
        assert_eq!(state["size"], 5);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "Rest.");

        core.apply(json!({ "title": "to-do", "text": "Work." })).await.unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "Work.");

        core.destroy().await.unwrap();
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn a_note_that_somebody_edited_is_planned_to_be_written_again() {
        let (mut core, directory) = core();
        let config = json!({ "title": "to-do", "text": "Rest." });
        core.apply(config.clone()).await.unwrap();
        std::fs::write(directory.path().join("to-do.txt"), "Run!").unwrap();
        assert!(!core.plan(config.clone()).await.unwrap().is_empty());
        core.apply(config.clone()).await.unwrap();
        assert!(core.plan(config).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_file_of_somebody_else_is_not_overwritten_and_can_be_imported() {
        let (mut core, directory) = core();
        let file = directory.path().join("to-do.txt");
        std::fs::write(&file, "Mine.").unwrap();
        let failure = core
            .apply(json!({ "title": "to-do", "text": "Rest." }))
            .await
            .unwrap_err();
        assert!(failure.to_string().contains("already exists"), "{failure}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "Mine.");

        let imported = core.import("to-do").await.unwrap();
        assert_eq!(imported["text"], "Mine.");
    }
}
