//! Commands: output, input, exits, deadlines, cancellation, broken connections, `sudo`.

use std::time::{Duration, Instant};

use acceptance_tests::sshd::Setup;
use terraform_provider_cht::ssh::{Command, Error, Exit, Sessions, Ssh};
use tokio_util::sync::CancellationToken;

use super::{Host, available, route, session};

/// What `sudo` does, as far as it can be seen: asks with the given prompt for a password, three times at most.
const SUDO: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do case $1 in -S) ;; -p) prompt=$2; shift ;; --) shift; break ;; esac; shift; done
tries=0
while [ "$tries" -lt "${SUDO_TRIES:-3}" ]; do
  tries=$((tries + 1)); printf %s "$prompt" >&2; IFS= read -r password || exit 1
  [ "$password" = "open sesame" ] && exec "$@"
  echo "Sorry, try again." >&2
done
echo "sudo: $tries incorrect password attempts" >&2; exit 1
"#;

/// A `sudo` that asks nothing.
const WILLING_SUDO: &str = "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"\n";

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn streams_are_kept_apart_and_the_exit_is_told() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let session = host.session();
    let output = session
        .exec(Command::new("speak", "echo out; echo err >&2; exit 3"))
        .await
        .expect("it runs");
    assert_eq!(output.exit, Exit::Status(3));
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b"out\n"[..], &b"err\n"[..])
    );
    let killed = session
        .exec(Command::new("die", "kill -KILL $$"))
        .await
        .expect("it runs");
    assert_eq!(killed.exit, Exit::Signal("KILL".to_owned()));
    let error = session
        .run(Command::new("fail", "echo why >&2; exit 4"))
        .await
        .expect_err("it fails");
    assert!(error.to_string().ends_with(": fail: exit status 4"), "{error}");
    assert!(matches!(error, Error::CommandFailed { output, .. } if output == "why"));
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn scripts_read_arguments_and_secrets_that_nobody_sees_in_the_list_of_processes() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let script = "echo \"$1/$TOKEN\"\ncat\nfor f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < \"$f\"; done 2>/dev/null | grep -c 'top[-]secret' || true";
    let command = Command::script("look", script, &["it's \"quoted\" $HOME"]).variable("TOKEN", "top-secret'x".into());
    let output = host.session().run(command).await.expect("it runs");
    assert_eq!(output.text(), "it's \"quoted\" $HOME/top-secret'x\n0\n");
    assert!(!output.shown().contains("top-secret"), "{}", output.shown());
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn input_and_output_flow_at_the_same_time_and_too_much_is_an_error() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let session = host.session();
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
    let output = session
        .run(Command::new("echo", "cat").input(bytes.clone()))
        .await
        .expect("it runs");
    assert!(output.stdout == bytes);
    let error = session
        .run(Command::new("flood", "cat /dev/zero").limit(100_000))
        .await
        .expect_err("too much");
    assert!(
        matches!(error, Error::TooMuchOutput { limit: 100_000, .. }),
        "{error:?}"
    );
    let unread = session.run(Command::new("ignore", "exit 0").input(bytes)).await;
    assert!(unread.is_ok(), "a command need not read its input: {unread:?}");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn hanging_command_ends_at_its_deadline_with_its_last_lines_masked() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let session = host.session();
    let command = hanging(&host).timeout(Duration::from_secs(1));
    let error = session.run(command).await.expect_err("it hangs");
    let Error::CommandTimeout { output, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(output, "begun (sensitive value)");
    assert!(
        error.leaves_open() && error.to_string().contains("within 1 s: hang"),
        "{error}"
    );
    ended(&host).await;
    session
        .run(Command::new("go on", "true"))
        .await
        .expect("the connection is still good");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn process_that_is_left_behind_does_not_hold_up_the_answer() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let began = Instant::now();
    let line = "echo started; sleep 30 & exit 0";
    let output = host.session().run(Command::new("start", line)).await.expect("it ends");
    assert_eq!(output.text(), "started\n");
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "it waited for what holds the output open"
    );
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn cancellation_ends_the_command() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let token = CancellationToken::new();
    let session = host.session().with_cancellation(&token);
    let (result, ()) = tokio::join!(session.run(hanging(&host)), async {
        begun(&host).await;
        token.cancel();
    });
    assert!(result.expect_err("it is interrupted").is_interrupted());
    ended(&host).await;
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn many_commands_at_once_share_one_connection() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let sessions = Sessions::default();
    let commands = (0..40).map(|number| {
        let session = sessions.open(route(&host.ssh()));
        async move {
            session
                .run(Command::new("count", format!("echo {number}")))
                .await
                .map(|output| output.text())
        }
    });
    for (number, answer) in futures::future::join_all(commands).await.into_iter().enumerate() {
        assert_eq!(answer.expect("an answer"), format!("{number}\n"));
    }
    let log = host.sshd.log().expect("a log");
    assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn connection_that_broke_is_made_anew_and_a_command_that_was_cut_off_says_so() {
    if !available() {
        return;
    }
    let mut host = Host::start().await;
    let session = host.session();
    session.run(Command::new("greet", "true")).await.expect("it runs");
    let running = tokio::spawn({
        let (session, command) = (session.clone(), hanging(&host));
        async move { session.run(command).await }
    });
    begun(&host).await;
    host.sshd.kill().expect("it ends");
    let error = running.await.expect("no panic").expect_err("it is cut off");
    assert!(
        matches!(error, Error::Disconnected { .. }) && error.leaves_open(),
        "{error:?}"
    );
    let error = session
        .run(Command::new("greet", "true"))
        .await
        .expect_err("nobody listens");
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    host.sshd.restart().await.expect("it starts");
    session
        .run(Command::new("greet", "true"))
        .await
        .expect("it is there again");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn sudo_gets_its_password_and_the_command_gets_its_input() {
    if !available() {
        return;
    }
    let way = |host: &Host, password: Option<&str>| Ssh {
        sudo: Some(true),
        sudo_password: password.map(Into::into),
        ..host.ssh()
    };
    let asking = Host::with(Setup::new().program("sudo", SUDO)).await;
    let willing = Host::with(Setup::new().program("sudo", WILLING_SUDO)).await;
    for host in [&asking, &willing] {
        let session = session(&way(host, Some("open sesame")));
        let output = session
            .run(Command::new("echo", "cat; echo err >&2").input("first line\n"))
            .await;
        let output = output.expect("it runs");
        assert_eq!(
            output.text(),
            "first line\n",
            "the password is not taken for input, whether it was asked for or not"
        );
        assert_eq!(output.stderr, b"err\n");
        let script = Command::script("greet", "echo \"hello $1\"", &["root"]);
        assert_eq!(session.run(script).await.expect("it runs").text(), "hello root\n");
    }
    let plain = session(&way(&asking, Some("open sesame")));
    plain
        .run(Command::new("greet", "true").as_user())
        .await
        .expect("without sudo");
    let error = session(&way(&asking, Some("open barley")))
        .run(Command::new("greet", "true"))
        .await;
    let error = error.expect_err("a wrong password");
    assert!(matches!(error, Error::SudoPasswordWrong { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("barley"));
    let error = session(&way(&asking, None))
        .run(Command::new("greet", "true"))
        .await
        .expect_err("no password");
    assert!(matches!(error, Error::SudoPasswordMissing { .. }), "{error:?}");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn sudo_that_refuses_or_is_not_there_is_told_in_its_own_words() {
    if !available() {
        return;
    }
    let refusing = "#!/bin/sh\necho \"nurse is not in the sudoers file.\" >&2\nexit 1\n";
    let once = SUDO.replace("${SUDO_TRIES:-3}", "1");
    let missing = "#!/bin/sh\necho 'sh: sudo: not found' >&2\nexit 127\n";
    for (program, expected) in [
        (refusing, "nurse is not in the sudoers file."),
        (missing, "sh: sudo: not found"),
    ] {
        let host = Host::with(Setup::new().program("sudo", program)).await;
        let ssh = Ssh {
            sudo: Some(true),
            ..host.ssh()
        };
        let error = session(&ssh)
            .run(Command::new("greet", "true"))
            .await
            .expect_err("it is refused");
        assert!(
            matches!(&error, Error::Sudo { message, .. } if message == expected),
            "{error:?}"
        );
    }
    let host = Host::with(Setup::new().program("sudo", &once)).await;
    let ssh = Ssh {
        sudo: Some(true),
        sudo_password: Some("open barley".into()),
        ..host.ssh()
    };
    let error = session(&ssh)
        .run(Command::new("greet", "true"))
        .await
        .expect_err("a wrong password");
    assert!(matches!(error, Error::SudoPasswordWrong { .. }), "{error:?}");
}

/// A command that hangs, and writes the number of its process to a file.
fn hanging(host: &Host) -> Command {
    let path = host.sshd.directory().join("hang");
    let line = format!("echo begun top-secret; echo $$ > {}; exec sleep 600", path.display());
    Command::new("hang", line).masking("top-secret".into())
}

/// Waits until the process of a hanging command is there.
async fn begun(host: &Host) -> u32 {
    let path = host.sshd.directory().join("hang");
    crate::support::eventually("the command to begin", || async {
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        text.trim().parse().map_err(|_| format!("{text:?}"))
    })
    .await
}

/// Waits until the process of a hanging command is gone.
async fn ended(host: &Host) {
    let process = begun(host).await;
    crate::support::eventually("the command to end", || async {
        match std::path::Path::new(&format!("/proc/{process}/exe")).read_link() {
            Ok(_) => Err("it runs".to_owned()),
            Err(_) => Ok(()),
        }
    })
    .await;
}
