//! Connections to played servers, one of which says nothing.

use super::super::error::Step;
use super::super::testing::{PASSWORD, Play, host};
use super::super::{Ssh, attribute};
use super::*;

fn session(ssh: &attribute::Ssh) -> Session {
    Sessions::default().open(Route::new("127.0.0.1", ssh).unwrap())
}

async fn failure(play: Play) -> Error {
    let ssh = host(play).await;
    session(&ssh).run(Command::new("greet", "echo")).await.unwrap_err()
}

#[tokio::test]
async fn password_is_given_as_the_host_asks_for_it() {
    for play in [Play::Password, Play::Question] {
        let ssh = host(play).await;
        session(&ssh).run(Command::new("greet", "echo")).await.unwrap();
        let wrong = Ssh {
            password: Some("a wrong one".into()),
            ..ssh
        };
        let error = session(&wrong).connect().await.unwrap_err();
        assert!(
            matches!(&error, Error::LoginRefused { tried, .. } if tried == &["a password"]),
            "{error:?}"
        );
        assert!(!format!("{error:?}").contains("a wrong one"));
    }
}

#[tokio::test]
async fn expired_password_is_told_and_not_changed() {
    let error = failure(Play::Expired).await;
    assert!(
        matches!(&error, Error::PasswordExpired { prompt, .. } if prompt == "New password:"),
        "{error:?}"
    );
    assert!(!format!("{error:?}").contains(PASSWORD));
}

#[tokio::test]
async fn host_that_says_nothing_is_given_up_at_the_step_where_it_stopped() {
    let error = failure(Play::Silent).await;
    let stopped = matches!(
        error,
        Error::ConnectTimeout {
            step: Step::Handshake,
            ..
        }
    );
    assert!(stopped && error.is_unreachable(), "{error:?}");
}

#[tokio::test]
async fn who_waits_for_a_silent_host_at_the_same_time_waits_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ssh = Ssh {
        port: Some(listener.local_addr().unwrap().port()),
        password: Some(PASSWORD.into()),
        connect_timeout: Some("1s".parse().unwrap()),
        ..Ssh::default()
    };
    let (dialed, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let _task = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            dialed.send(stream).unwrap();
        }
    }));
    let session = session(&ssh);
    let all = futures::future::join_all((0..3).map(|_| session.connect())).await;
    let silent = |error: &Error| matches!(error, Error::ConnectTimeout { .. });
    assert!(all.iter().all(|one| one.as_ref().is_err_and(silent)), "{all:?}");
    session.connect().await.unwrap_err();
    let streams: Vec<_> = std::iter::from_fn(|| seen.try_recv().ok()).collect();
    assert_eq!(streams.len(), 2, "who asks later dials again");
}

#[tokio::test]
async fn host_that_speaks_another_protocol_is_named() {
    let error = failure(Play::Gibberish).await;
    assert!(
        matches!(error, Error::Handshake { .. }) && error.is_unreachable(),
        "{error:?}"
    );
}

#[tokio::test]
async fn host_that_opens_no_channel_or_runs_no_command_is_reachable_all_the_same() {
    for play in [Play::NoChannel, Play::NoCommand] {
        let error = failure(play).await;
        assert!(
            matches!(error, Error::OpenSession { .. }) && !error.is_unreachable(),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn command_without_an_exit_status_may_have_been_carried_out() {
    let error = failure(Play::NoExit).await;
    assert!(
        matches!(error, Error::Disconnected { .. }) && error.leaves_open(),
        "{error:?}"
    );
}

#[tokio::test]
async fn operations_may_run_on_any_thread() {
    fn is_send<T: Send>(operation: T) -> T {
        operation
    }
    let ssh = host(Play::Password).await;
    let session = session(&ssh);
    is_send(session.run(Command::new("greet", "echo"))).await.unwrap();
    is_send(session.connect()).await.unwrap();
    assert!(is_send(session.pins()).await.unwrap().is_empty(), "it is recorded");
    is_send(session.disconnect()).await;
    drop(is_send(session.upload(super::super::Upload::bytes("/tmp/x", "x"))));
}
