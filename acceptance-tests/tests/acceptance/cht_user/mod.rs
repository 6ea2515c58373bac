//! `cht_user`.

mod failures;
mod lifecycle;
mod login;
mod sharing;
mod traps;
mod ways;

/// The address of the resource in most configurations.
const ADDRESS: &str = "cht_user.test";

/// What the user is in the application's databases.
const ID: &str = "org.couchdb.user:jane";

/// The text of a user with the lines that are not the same in all tests.
fn user(lines: &str) -> String {
    format!(
        "resource \"cht_user\" \"test\" {{
           instance = local.instance
           username = \"jane\"
           {lines}
         }}"
    )
}

/// The shortest user.
fn minimal() -> String {
    user("password_wo = \"Str0ng-Passw0rd\"\nroles = [\"data_entry\"]")
}
