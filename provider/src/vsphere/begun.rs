//! What is begun once and used by all: a session.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::error::Error;

/// Something that the first who needs it begins, while the others wait.
pub(super) struct Begun<T>(Mutex<Option<Arc<T>>>);

impl<T> Begun<T> {
    /// Nothing is begun yet.
    pub(super) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// What was begun, or is begun by this.
    ///
    /// # Errors
    /// It could not be begun. The next who needs it tries again.
    pub(super) async fn or_begin(&self, begin: impl Future<Output = Result<T, Error>>) -> Result<Arc<T>, Error> {
        let mut slot = self.0.lock().await;
        if let Some(begun) = slot.as_ref() {
            return Ok(Arc::clone(begun));
        }
        let begun = Arc::new(begin.await?);
        *slot = Some(Arc::clone(&begun));
        Ok(begun)
    }

    /// Forgets what has ended, unless somebody has begun it anew meanwhile.
    pub(super) async fn forget(&self, ended: &Arc<T>) {
        let mut slot = self.0.lock().await;
        if slot.as_ref().is_some_and(|begun| Arc::ptr_eq(begun, ended)) {
            *slot = None;
        }
    }

    /// What was begun, if anything was, to end it.
    pub(super) async fn take(&self) -> Option<Arc<T>> {
        self.0.lock().await.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_begun_by_the_first_and_anew_by_one_of_those_who_see_it_end() {
        let shared = Begun::new();
        let first = shared.or_begin(async { Ok(1) }).await.unwrap();
        assert_eq!(*shared.or_begin(async { Ok(2) }).await.unwrap(), 1);
        shared.forget(&first).await;
        assert_eq!(*shared.or_begin(async { Ok(3) }).await.unwrap(), 3);
        // Another one has seen the end of the first as well, later.
        shared.forget(&first).await;
        assert_eq!(shared.take().await.as_deref(), Some(&3));
        assert!(shared.take().await.is_none());
    }

    #[tokio::test]
    async fn what_could_not_be_begun_is_tried_again() {
        let shared = Begun::new();
        let failed = async {
            Err(Error::NotVCenter {
                server: "host".to_owned(),
            })
        };
        assert!(shared.or_begin(failed).await.is_err());
        assert_eq!(*shared.or_begin(async { Ok(1) }).await.unwrap(), 1);
    }
}
