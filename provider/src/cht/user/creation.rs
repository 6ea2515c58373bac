//! One user's creation, attempt by attempt: it is made from nothing, from what a deleted user left, or from what an
//! earlier attempt has done. See [`crate::cht::client`] for the calls.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cht::client::{Client, FoundUser};
use crate::cht::error::Error;
use crate::cht::transport::Transport;
use crate::cht::user::model::UserModel;

/// A creation, and whose the user is that it leaves.
pub(super) struct Creation<'a> {
    plan: &'a UserModel,
    /// An attempt that failed may have done its work all the same.
    may_be_ours: AtomicBool,
    is_refused: AtomicBool,
}

impl<'a> Creation<'a> {
    /// A creation that has not begun, or one that goes on with what an earlier one did.
    pub(super) fn new(plan: &'a UserModel, goes_on: bool) -> Self {
        Creation {
            plan,
            may_be_ours: AtomicBool::new(goes_on),
            is_refused: AtomicBool::new(false),
        }
    }

    /// Makes the user.
    ///
    /// # Errors
    /// The CHT refuses the user, or does not answer.
    pub(super) async fn attempt<T: Transport>(&self, client: &Client<T>) -> Result<(), Error> {
        let username = &self.plan.username;
        let may_be_ours = self.may_be_ours.swap(true, Ordering::Relaxed);
        match client.user(username).await? {
            FoundUser::Complete(mut begun) if may_be_ours => {
                begun.has_link = client.has_link(username).await?;
                return client.update_user(username, &self.plan.change_of_begun(&begun)).await;
            }
            FoundUser::Incomplete => client.delete_user(username).await?,
            FoundUser::Complete(_) | FoundUser::Gone => {}
        }
        client.free_username(username).await?;
        let created = client.create_user(username, &self.plan.change(None)).await;
        let is_refused = !may_be_ours && matches!(created, Err(Error::Refused { .. }));
        self.is_refused.store(is_refused, Ordering::Relaxed);
        created
    }

    /// Whether the CHT refused the only request that was made: a user of this name is that of somebody who was quicker.
    pub(super) fn left_nothing(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::application::InstanceAddress;
    use crate::cht::testing::{Answer, Script, answer, closed, ok};

    const USER: &str = "GET /api/v2/users/jane";
    const LEFT: &str = "GET /medic/org.couchdb.user%3Ajane";
    const CREATE: &str = "POST /api/v3/users";
    const CHANGE: &str = "POST /api/v3/users/jane";

    fn jane() -> UserModel {
        let live = serde_json::from_value(json!({ "username": "jane" })).expect("a user");
        UserModel::imported(InstanceAddress::default(), live)
    }

    fn gone() -> Answer {
        let body = json!({ "code": 404, "error": "Failed to find user with name [jane] in the [users] database." });
        answer(404, "application/json", body.to_string())
    }

    fn nothing_left() -> Answer {
        let body = json!({ "error": "not_found", "reason": "missing" });
        answer(404, "application/json", body.to_string())
    }

    fn taken() -> Answer {
        let error = json!({ "message": "Username \"jane\" already taken.", "translationKey": "username.taken" });
        answer(
            400,
            "application/json",
            json!({ "code": 400, "error": error }).to_string(),
        )
    }

    #[tokio::test]
    async fn a_name_that_somebody_else_was_quicker_to_take_leaves_nothing_of_ours() {
        let plan = jane();
        let creation = Creation::new(&plan, false);
        let client = Script::new([(USER, gone()), (LEFT, nothing_left()), (CREATE, taken())]).client();
        let error = creation.attempt(&client).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(creation.left_nothing());
    }

    #[tokio::test]
    async fn a_name_that_is_taken_after_an_attempt_without_an_answer_may_be_ours() {
        let plan = jane();
        let unanswered = Creation::new(&plan, false);
        let steps = [(USER, gone()), (LEFT, nothing_left()), (CREATE, closed())];
        unanswered.attempt(&Script::new(steps).client()).await.unwrap_err();
        assert!(!unanswered.left_nothing());
        for creation in [unanswered, Creation::new(&plan, true)] {
            let client = Script::new([(USER, gone()), (LEFT, nothing_left()), (CREATE, taken())]).client();
            creation.attempt(&client).await.unwrap_err();
            assert!(!creation.left_nothing());
        }
    }

    #[tokio::test]
    async fn what_an_earlier_attempt_has_made_is_changed_with_regard_to_its_link() {
        let steps = [
            (USER, ok(json!({ "username": "jane" }))),
            (LEFT, ok(json!({ "_rev": "1-a", "token_login": { "active": true } }))),
            (CHANGE, ok(json!({ "user": { "id": "org.couchdb.user:jane" } }))),
        ];
        let plan = jane();
        let creation = Creation::new(&plan, true);
        creation
            .attempt(&Script::new(steps).client())
            .await
            .expect("it is changed");
    }
}
