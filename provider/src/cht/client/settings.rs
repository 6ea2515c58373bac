//! The settings of the application, one JSON object that many tools write parts of.
//!
//! The API merges what it is sent into what is there. It cannot take a key out without writing all others as well, so
//! that is done in the document itself, where CouchDB refuses a write that has not seen the latest one.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Client;
use super::call::Call;
use super::documents::MEDIC;
use crate::cht::error::Error;
use crate::cht::transport::Transport;

const PATH: &str = "/api/v1/settings";
const DOCUMENT: &str = "settings";

#[derive(Deserialize)]
struct Updated {
    success: bool,
}

impl<T: Transport> Client<T> {
    /// `GET /api/v1/settings`.
    ///
    /// # Errors
    /// The CHT does not answer, or does not allow it.
    pub async fn settings(&self) -> Result<Map<String, Value>, Error> {
        self.call(Call::new(Method::GET, PATH)).await
    }

    /// `PUT /api/v1/settings`: objects are merged, everything else is replaced.
    ///
    /// # Errors
    /// The CHT refuses the settings, does not allow it, or does not answer.
    pub async fn merge_settings(&self, settings: &Map<String, Value>) -> Result<(), Error> {
        let call = Call::new(Method::PUT, PATH).json(&Value::Object(settings.clone()));
        let updated: Updated = self.call(call).await?;
        if updated.success {
            return Ok(());
        }
        Err(Error::Refused {
            request: format!("PUT {PATH}"),
            reason: "it answers that nothing was done".to_owned(),
            key: None,
        })
    }

    /// Changes the settings as they are at this moment, with all that others have written; nothing is written if the
    /// change makes no difference.
    ///
    /// # Errors
    /// [`Error::Conflict`] if somebody else wrote between the look and the change: then nothing was changed.
    pub async fn edit_settings(&self, edit: impl Fn(&mut Map<String, Value>) + Send) -> Result<(), Error> {
        let Some(mut document) = self.document(MEDIC, DOCUMENT).await? else {
            return Ok(());
        };
        let Some(settings) = document.get_mut("settings").and_then(Value::as_object_mut) else {
            return Ok(());
        };
        let before = settings.clone();
        edit(settings);
        if *settings == before {
            return Ok(());
        }
        self.put_document(MEDIC, DOCUMENT, &document).await
    }
}
