//! The log of upgrades, one document for each.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// One upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `stage` or `upgrade`.
    pub action: &'static str,
    /// The version that it leads to.
    pub to: String,
    /// How far it is.
    pub state: &'static str,
    /// Where it has been, the newest last.
    pub history: Vec<&'static str>,
    from: Option<String>,
    user: String,
    began: u64,
}

impl Entry {
    pub(super) fn new(action: &'static str, from: Option<&str>, to: &str, user: &str) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            action,
            to: to.to_owned(),
            state: "initiated",
            history: vec!["initiated"],
            from: from.map(str::to_owned),
            user: user.to_owned(),
            began: since_1970.as_millis().try_into().unwrap_or(u64::MAX),
        }
    }

    /// Whether nothing comes after its state.
    pub(super) fn is_over(&self) -> bool {
        ["finalized", "aborted", "errored"].contains(&self.state)
    }

    pub(super) fn enter(&mut self, state: &'static str) {
        if !self.history.contains(&state) {
            self.state = state;
            self.history.push(state);
        }
    }

    pub(super) fn document(&self) -> Value {
        let build = |version: &str| json!({ "namespace": "medic", "application": "medic", "version": version });
        let date = |index: usize| self.began + index as u64;
        let history: Vec<Value> = self
            .history
            .iter()
            .enumerate()
            .map(|(index, state)| json!({ "state": state, "date": date(index) }))
            .collect();
        json!({
            "_id": self.id(),
            "_rev": format!("{}-0", self.history.len()),
            "user": self.user,
            "action": self.action,
            "from": self.from.as_deref().map(build),
            "to": build(&self.to),
            "start_date": self.began,
            "updated_date": date(self.history.len()),
            "state": self.state,
            "state_history": history,
        })
    }

    pub(super) fn id(&self) -> String {
        format!("upgrade_log:{}:{}", self.began, self.to)
    }
}
