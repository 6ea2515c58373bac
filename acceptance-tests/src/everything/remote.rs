//! The remote system: a directory with a JSON file for each object, which tests change and remove as they like, and
//! with notes of what happened.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tf_framework::diagnostics::Diagnostics;

/// Where the objects are.
#[derive(Clone, Debug)]
pub struct Remote {
    directory: PathBuf,
    is_known: bool,
}

/// What the remote knows of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Its text, which may be changed outside.
    pub text: Option<String>,
    /// Its zone, in the remote's own spelling: lower case.
    pub zone: Option<String>,
    /// How large its disks are, if it is a rack.
    #[serde(default)]
    pub disks: Vec<String>,
    /// How often it was changed.
    pub revision: i64,
}

impl Remote {
    /// A remote in this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Remote {
            directory: directory.into(),
            is_known: true,
        }
    }

    /// The same remote, as it is while what gives access to it is not known.
    #[must_use]
    pub fn unknown_yet(self) -> Self {
        Remote {
            is_known: false,
            ..self
        }
    }

    /// Whether what gives access to it is known.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// The object with this id, if there is one.
    ///
    /// # Errors
    /// If that cannot be told.
    pub fn find(&self, id: &str) -> Result<Option<Object>, Diagnostics> {
        match fs::read(self.path(id)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(failed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Makes or changes the object with this id.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put(&self, id: &str, object: &Object) -> Result<(), Diagnostics> {
        let bytes = serde_json::to_vec(object).map_err(failed)?;
        fs::write(self.path(id), bytes).map_err(failed)
    }

    /// Removes the object with this id, if there is one.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, id: &str) -> Result<(), Diagnostics> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Adds a line to the notes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn note(&self, line: &str) -> Result<(), Diagnostics> {
        let file = File::options().create(true).append(true).open(self.notes_path());
        // In one piece, as other processes write theirs.
        file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .map_err(failed)
    }

    /// The notes, line by line.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn notes(&self) -> Result<Vec<String>, Diagnostics> {
        match fs::read_to_string(self.notes_path()) {
            Ok(notes) => Ok(notes.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }

    fn notes_path(&self) -> PathBuf {
        self.directory.join("notes")
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }
}

fn failed(error: impl Into<io::Error>) -> Diagnostics {
    Diagnostics::error("Unable to use the remote", error.into().to_string())
}
