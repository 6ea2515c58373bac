//! What users are told of each failure, and of which attribute.

use super::*;
use crate::ssh::HostKey;
use crate::ssh::command::Exit;

fn described<'a>(own: Option<&'a Ssh>, default: Option<&'a Ssh>, paths: &'a (Path, Path)) -> Described<'a> {
    Described {
        host: "10.0.0.9",
        own,
        default,
        host_path: &paths.0,
        ssh_path: &paths.1,
    }
}

fn explained(own: Option<&Ssh>, error: Error) -> Diagnostic {
    let paths = (
        Path::new("servers").key("a").attribute("host"),
        Path::new("servers").key("a").attribute("ssh"),
    );
    let access = Access::new(&Sessions::default(), described(own, None, &paths), &Pins::new()).unwrap();
    let diagnostics = access.explain("Unable to look at the host")(error);
    diagnostics.iter().next().unwrap().clone()
}

fn host() -> String {
    "10.0.0.9:22".to_owned()
}

fn at(path: &Path) -> Option<Path> {
    Some(path.clone())
}

#[test]
fn failure_is_blamed_on_the_attribute_that_decides_it_or_on_none_if_the_provider_block_has_it() {
    let own = Ssh {
        host_key: Some(vec!["SHA256:uNiVztksCsDhcc0u9e8BrYDfFy3UWbBWGZmQ2dUEKoU".to_owned()]),
        bastion: Some(vec![Bastion {
            host: "b1".to_owned(),
            ..Bastion::default()
        }]),
        ..Ssh::default()
    };
    let server = Path::new("servers").key("a");
    let ssh = server.clone().attribute("ssh");
    let refused = || Error::Refused { host: host() };
    let on_bastion = Error::Bastion {
        index: 0,
        host: "b1:22".to_owned(),
        source: Box::new(refused()),
    };
    let changed = || Error::ChangedHostKeyType {
        host: host(),
        recorded: vec!["ssh-rsa".to_owned()],
        offered: vec!["ssh-ed25519".to_owned()],
    };
    assert_eq!(explained(Some(&own), refused()).path, at(&server.attribute("host")));
    assert_eq!(
        explained(Some(&own), changed()).path,
        at(&ssh.clone().attribute("host_key"))
    );
    let bastion = ssh.clone().attribute("bastion").index(0).attribute("host");
    assert_eq!(explained(Some(&own), on_bastion).path, Some(bastion));
    assert_eq!(explained(Some(&own), Error::NoLogin { host: host() }).path, Some(ssh));
    assert_eq!(explained(None, Error::NoLogin { host: host() }).path, None);
}

#[test]
fn unknown_host_comes_with_the_line_to_write_and_a_failed_command_with_its_last_lines() {
    let shown = HostKey {
        print: "SHA256:x".to_owned(),
        line: "ssh-ed25519 AAAA".to_owned(),
        is_new: false,
    };
    let unknown = explained(None, Error::UnknownHostKey { host: host(), shown });
    assert!(
        unknown.detail.contains("  host_key = [\"ssh-ed25519 AAAA\"]\n"),
        "{}",
        unknown.detail
    );
    let failed = explained(
        None,
        Error::CommandFailed {
            host: host(),
            what: "start k3s".to_owned(),
            exit: Exit::Status(1),
            output: "Job failed.".to_owned(),
        },
    );
    assert!(
        failed
            .detail
            .starts_with("Failed on 10.0.0.9:22: start k3s: exit status 1."),
        "{}",
        failed.detail
    );
    assert!(
        failed.detail.contains("Its last lines:\nJob failed."),
        "{}",
        failed.detail
    );
}

#[test]
fn interruption_says_that_what_was_done_is_kept() {
    let error = Error::Interrupted {
        host: host(),
        what: "start k3s".to_owned(),
    };
    let diagnostic = explained(None, error);
    assert_eq!(diagnostic.summary, "Operation cancelled");
    assert!(
        diagnostic.detail.starts_with("Interrupted on 10.0.0.9:22: start k3s."),
        "{}",
        diagnostic.detail
    );
}
