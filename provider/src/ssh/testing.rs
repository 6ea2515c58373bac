//! Hosts that do what OpenSSH does not: played in this process, on a port of their own.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::server::{self, Auth, ChannelOpenHandle, Config, Msg, Response, Session};
use russh::{Channel, ChannelId};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::attribute::Ssh;
use super::host_key::line_of;

/// The password of all hosts that take one.
pub(super) const PASSWORD: &str = "open sesame";

/// What a host does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Play {
    /// It takes a password, and does what a command means: nothing.
    Password,
    /// It asks for the password as a question.
    Question,
    /// It asks for a new password.
    Expired,
    /// It says nothing.
    Silent,
    /// It speaks another protocol.
    Gibberish,
    /// It opens no channel.
    NoChannel,
    /// It runs no command.
    NoCommand,
    /// It closes the channel without an exit status.
    NoExit,
}

/// Starts a host, and answers with the way to it.
pub(super) async fn host(play: Play) -> Ssh {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    let line = line_of(key.public_key());
    let config = Arc::new(Config {
        keys: vec![key],
        auth_rejection_time: Duration::ZERO,
        ..Config::default()
    });
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            match play {
                Play::Silent => open.push(stream),
                Play::Gibberish => {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                }
                _ => {
                    tokio::spawn(server::run_stream(Arc::clone(&config), stream, Host(play)));
                }
            }
        }
    });
    Ssh {
        port: Some(port),
        password: Some(PASSWORD.into()),
        host_key: Some(vec![line]),
        connect_timeout: Some("1s".parse().unwrap()),
        ..Ssh::default()
    }
}

struct Host(Play);

impl server::Handler for Host {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, Self::Error> {
        let takes = !matches!(self.0, Play::Question | Play::Expired);
        Ok(if takes && password == PASSWORD {
            Auth::Accept
        } else {
            Auth::reject()
        })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let question = match self.0 {
            Play::Question => "Password: ",
            Play::Expired => "New password: ",
            _ => return Ok(Auth::reject()),
        };
        Ok(match response.and_then(|mut answers| answers.next()) {
            None => Auth::Partial {
                name: Cow::Borrowed(""),
                instructions: Cow::Borrowed(""),
                prompts: Cow::Owned(vec![(Cow::Borrowed(question), false)]),
            },
            Some(answer) if answer.as_ref() == PASSWORD.as_bytes() => Auth::Accept,
            Some(_) => Auth::reject(),
        })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.0 != Play::NoChannel {
            reply.accept().await;
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        line: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.0 == Play::NoCommand {
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        if self.0 == Play::NoExit {
            return session.close(channel);
        }
        // The command begins, as every command says of itself.
        let line = String::from_utf8_lossy(line).into_owned();
        let marker = line
            .split_once("cht-begun-")
            .and_then(|(_, rest)| rest.split_once(':'))
            .unwrap();
        session.extended_data(channel, 1, format!("cht-begun-{}:1;", marker.0).into_bytes())?;
        session.exit_status_request(channel, 0)?;
        session.eof(channel)?;
        session.close(channel)
    }
}
