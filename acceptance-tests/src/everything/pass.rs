//! `everything_pass`: a token that is good for as long as it is open. The remote knows of every one that was ever
//! opened.

use std::time::SystemTime;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tf_framework::context::Scope;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::ephemeral::{EphemeralResource, Opened, Renewed};
use tf_framework::model::Dynamic;
use tf_framework::{Attr, Model};

use super::remote::Remote;

/// A pass.
#[derive(Model)]
pub(super) struct PassModel {
    /// Whose pass it is.
    name: String,
    /// Whether it has to be renewed once, and at once.
    #[tf(default = false)]
    short: bool,
    /// Where it is good, in whatever terms.
    #[tf(block)]
    gate: Vec<GateModel>,
    /// The pass.
    token: Attr<SecretString>,
}

/// A gate.
#[derive(Model)]
pub(super) struct GateModel {
    /// What it is known by.
    by: Dynamic,
}

/// What is kept to renew and close a pass.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ticket {
    name: String,
}

pub(super) struct Pass;

impl EphemeralResource for Pass {
    type Model = PassModel;
    type Clients = Remote;
    type Private = Ticket;

    const TYPE_NAME: &'static str = "everything_pass";

    async fn open(&self, scope: &Scope<Remote>, mut config: PassModel) -> Result<Opened<Self>, Diagnostics> {
        let name = config.name.clone();
        scope.clients().note(&format!("open {name}"))?;
        // Another one each time, as real ones are.
        let token = format!("token-{}-of-{name}", scope.clients().notes()?.len());
        config.token = Attr::Known(token.into());
        Ok(Opened {
            renew_at: config.short.then(SystemTime::now),
            result: config,
            private: Ticket { name },
        })
    }

    async fn renew(&self, scope: &Scope<Remote>, private: Ticket) -> Result<Renewed<Self>, Diagnostics> {
        scope.clients().note(&format!("renew {}", private.name))?;
        Ok(Renewed {
            renew_at: None,
            private,
        })
    }

    async fn close(&self, scope: &Scope<Remote>, private: Ticket) -> Result<(), Diagnostics> {
        scope.clients().note(&format!("close {}", private.name))
    }
}
