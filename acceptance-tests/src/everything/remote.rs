//! The remote system: a directory with a JSON file for each object, which tests change and remove as they like.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tf_framework::diagnostics::Diagnostics;

/// Where the objects are.
#[derive(Clone, Debug)]
pub struct Remote {
    directory: PathBuf,
}

/// What the remote knows of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Its text, which may be changed outside.
    pub text: Option<String>,
    /// Its zone, in the remote's own spelling: lower case.
    pub zone: Option<String>,
    /// How often it was changed.
    pub revision: i64,
}

impl Remote {
    /// A remote in this directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Remote {
            directory: directory.into(),
        }
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

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }
}

fn failed(error: impl Into<io::Error>) -> Diagnostics {
    Diagnostics::error("Unable to use the remote", error.into().to_string())
}
