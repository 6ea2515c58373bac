//! The way to hosts against OpenSSH's real server: [`logins`], [`host_keys`], [`commands`], [`uploads`].

use acceptance_tests::sshd::keys::{Key, KeyKind};
pub(crate) use acceptance_tests::sshd::program::available;
use acceptance_tests::sshd::{Setup, Sshd};
use terraform_provider_cht::ssh::{Bastion, Error, Route, Session, Sessions, Ssh};

mod commands;
mod host_keys;
mod logins;
mod uploads;

/// A host that lets a key in, and the way to it.
struct Host {
    sshd: Sshd,
    key: Key,
    host_key: Key,
}

impl Host {
    async fn start() -> Self {
        Self::with(Setup::new()).await
    }

    async fn with(setup: Setup) -> Self {
        let (key, host_key) = (ed25519(), ed25519());
        let setup = setup.host_key(&host_key).authorize("", &key);
        let sshd = Sshd::start(&setup).await.expect("sshd starts");
        Host { sshd, key, host_key }
    }

    /// The way to it.
    fn ssh(&self) -> Ssh {
        Ssh {
            private_key: Some(self.key.private().into()),
            host_key: Some(vec![self.host_key.public().to_owned()]),
            sudo: Some(false),
            ..self.way()
        }
    }

    /// Its address alone.
    fn way(&self) -> Ssh {
        Ssh {
            user: Some(Sshd::user().expect("a user")),
            port: Some(self.sshd.port()),
            connect_timeout: Some("20s".parse().expect("a duration")),
            ..Ssh::default()
        }
    }

    fn session(&self) -> Session {
        session(&self.ssh())
    }

    fn bastion(&self) -> Bastion {
        Bastion {
            host: "127.0.0.1".to_owned(),
            port: Some(self.sshd.port()),
            private_key: Some(self.key.private().into()),
            host_key: Some(vec![self.host_key.public().to_owned()]),
            ..Bastion::default()
        }
    }
}

fn ed25519() -> Key {
    Key::generate(KeyKind::Ed25519, None).expect("a key")
}

fn route(ssh: &Ssh) -> Route {
    Route::new("127.0.0.1", ssh).expect("a way")
}

fn session(ssh: &Ssh) -> Session {
    Sessions::default().open(route(ssh))
}

async fn refused(ssh: &Ssh) -> Error {
    session(ssh).connect().await.expect_err("it is refused")
}
