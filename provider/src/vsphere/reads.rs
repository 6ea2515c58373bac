//! Reads of single objects that share their calls.
//!
//! A core reads its resources many at once, and a vCenter answers a call about fifty machines as fast as one about a
//! single one. So whoever wants to read an object waits for a moment for others that want to, and one call serves all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::error::Error;
use super::properties::{self, Properties};
use super::reference::Reference;
use super::session::Session;

/// How long another one is waited for: less than a call takes, and enough for a core to start its next operation.
const GATHERING: Duration = Duration::from_millis(10);
/// How many of those pauses there are at most.
const PAUSES: usize = 10;

/// What is about to be read.
#[derive(Default)]
pub(super) struct Reads {
    wanted: Mutex<Vec<Wanted>>,
}

struct Wanted {
    object: Reference,
    paths: &'static [&'static str],
    answer: oneshot::Sender<Result<Option<Properties>, Error>>,
}

impl Reads {
    /// Reads properties of an object, together with others; nothing if the object is not there.
    pub(super) async fn read(
        self: &Arc<Self>,
        session: &Arc<Session>,
        object: &Reference,
        paths: &'static [&'static str],
    ) -> Result<Option<Properties>, Error> {
        let (answer, answered) = oneshot::channel();
        let is_first = self.want(Wanted {
            object: object.clone(),
            paths,
            answer,
        });
        if is_first {
            // On a task of its own: the operation that happened to be the first may be given up.
            let (reads, session) = (Arc::clone(self), Arc::clone(session));
            tokio::spawn(async move { reads.gather(&session).await });
        }
        let interrupted = |_| Error::Interrupted {
            method: "RetrievePropertiesEx".to_owned(),
        };
        answered.await.map_err(interrupted)?
    }

    fn want(&self, one: Wanted) -> bool {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.push(one);
        wanted.len() == 1
    }

    async fn gather(&self, session: &Session) {
        let mut known = 0;
        for _ in 0..PAUSES {
            sleep(GATHERING).await;
            let count = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).len();
            if count == known {
                break;
            }
            known = count;
        }
        let mut wanted = std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        while let Some(first) = wanted.first() {
            let (kind, paths) = (first.object.kind.clone(), first.paths);
            let is_alike = |one: &mut Wanted| one.object.kind == kind && one.paths == paths;
            let alike: Vec<Wanted> = wanted.extract_if(.., is_alike).collect();
            let mut objects: Vec<Reference> = alike.iter().map(|one| one.object.clone()).collect();
            objects.sort();
            objects.dedup();
            let read = properties::of_objects(session, &objects, paths).await;
            for one in alike {
                let found = |all: &Vec<Properties>| all.iter().find(|found| found.object == one.object).cloned();
                // Whoever was given up meanwhile does not listen.
                let _ = one.answer.send(read.as_ref().map(found).map_err(Error::clone));
            }
        }
    }
}
