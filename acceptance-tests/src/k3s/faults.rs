//! What goes wrong on a host on demand: one fault a line in `/etc/cht-lab/faults`, read again each time it matters.
//!
//! | line | what happens |
//! | --- | --- |
//! | `slow-start=SECONDS` | the server or agent waits before it does anything |
//! | `fatal=TEXT` | the server or agent logs the text at level fatal and exits with 1: systemd starts it again and again |
//! | `exit=CODE` | with `fatal`: exits with that code, 0 too |
//! | `no-notify` | systemd never hears that the program is up |
//! | `no-node` | the Node object is never made |
//! | `never-ready` | the Node says that it is not Ready |
//! | `never-promoted` | a server that joins stays a learner |
//! | `api-500` | the API server answers `/readyz` and everything else with 500 |
//! | `api-silent` | the API server takes requests and never answers |
//! | `command-fails=COMMAND` | that command, such as `etcd-snapshot`, fails with a text |
//! | `command-hangs=COMMAND` | that command never ends |

use std::fs;

use super::host;

/// Where the faults are listed.
pub const FILE: &str = "/etc/cht-lab/faults";

/// Whether a fault is listed.
pub(super) fn has(name: &str) -> bool {
    value(name).is_some()
}

/// What stands behind a fault's `=`; nothing for one without.
pub(super) fn value(name: &str) -> Option<String> {
    let text = fs::read_to_string(host::path(FILE)).ok()?;
    find(&text, name)
}

fn find(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.trim().split_once('=').unwrap_or((line.trim(), ""));
        (key == name).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_is_a_line_with_or_without_a_value() {
        let text = "no-node\nfatal=disk is full = bad\n";
        assert_eq!(find(text, "no-node").as_deref(), Some(""));
        assert_eq!(find(text, "fatal").as_deref(), Some("disk is full = bad"));
        assert_eq!(find(text, "no-notify"), None);
    }
}
