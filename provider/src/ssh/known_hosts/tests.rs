//! Lines of known_hosts files, and the hosts that they are about.

use super::*;

const ONE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

fn address(host: &str, port: u16) -> Address {
    Address {
        host: host.to_owned(),
        port,
    }
}

fn lines(text: &str, host: &str, port: u16) -> Vec<usize> {
    let known = KnownHosts::parse(text);
    known
        .matching(&address(host, port))
        .iter()
        .map(|entry| entry.line)
        .collect()
}

#[test]
fn names_match_by_pattern_port_and_negation() {
    let text = format!(
        "# comment\n\nh1,10.0.0.1 {ONE} a comment\n[h1]:2222 {ONE}\n*.example,!bad.example {ONE}\nh? {OTHER}\n!h9,* {ONE}\n"
    );
    assert_eq!(lines(&text, "h1", 22), [3, 6, 7]);
    assert_eq!(lines(&text, "H1", 22), [3, 6, 7], "names of hosts have no case");
    assert_eq!(lines(&text, "10.0.0.1", 22), [3, 7]);
    assert_eq!(lines(&text, "h1", 2222), [4, 7]);
    assert_eq!(lines(&text, "a.example", 22), [5, 7]);
    assert_eq!(lines(&text, "bad.example", 22), [7]);
    assert_eq!(
        lines(&text, "h9", 22),
        [6],
        "a negation excludes, whatever else matches"
    );
}

#[test]
fn hashed_names_match_with_their_port() {
    // ssh-keygen -H of `h1` and of `[h1]:2222`, with salts of their own.
    let hashed = |name: &str| {
        let salt = b"0123456789abcdefghij";
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
        let hash = hmac::sign(&key, name.as_bytes());
        format!(
            "|1|{}|{}",
            BASE64_STANDARD.encode(salt),
            BASE64_STANDARD.encode(hash.as_ref())
        )
    };
    let text = format!("{} {ONE}\n{} {OTHER}\n", hashed("h1"), hashed("[h1]:2222"));
    assert_eq!(lines(&text, "h1", 22), [1]);
    assert_eq!(lines(&text, "h1", 2222), [2]);
    assert_eq!(lines(&text, "h2", 22), [0; 0]);
}

#[test]
fn hashes_that_openssh_wrote_are_recognized() {
    let text = [
        "|1|OP+++GoS7sWcSjzIcyziMqGJCKI=|tjbAeR3ov2iETARyPQxUwc7OXC0=",
        "|1|ms0rxC8QUbALr3t5NpTemN02Y8g=|krULKbnczU+8WsVgj9kdemZYo7M=",
        "|1|kAa/lV4Ou3sqGmxKGdJB8fvW4pI=|tbatqsGiaibAQ2ulw1RmfjEcsc4=",
    ]
    .map(|hashed| {
        format!(
            "{hashed} {ONE}
"
        )
    })
    .concat();
    assert_eq!(lines(&text, "h1.example", 22), [1]);
    assert_eq!(lines(&text, "10.0.0.9", 22), [2]);
    assert_eq!(lines(&text, "h1.example", 2222), [3]);
    assert_eq!(lines(&text, "h2.example", 22), [0; 0]);
}

#[test]
fn markers_are_kept_apart() {
    let text = format!("@revoked * {ONE}\n@cert-authority\t*.example   {OTHER}\n");
    let known = KnownHosts::parse(&text);
    let found = known.matching(&address("a.example", 22));
    assert_eq!(found[0].marker, Some(Marker::Revoked));
    assert_eq!(found[1].marker, Some(Marker::CertAuthority));
}

#[test]
fn lines_that_cannot_be_read_are_errors_for_their_hosts_alone() {
    let text = format!("h1 ssh-ed25519 broken\n@strange h2 {ONE}\nh3 {ONE}\n");
    let known = KnownHosts::parse(&text);
    assert_eq!(known.unreadable_for(&address("h1", 22)), Some(1));
    assert_eq!(known.unreadable_for(&address("h2", 22)), Some(2));
    assert_eq!(known.unreadable_for(&address("h3", 22)), None);
    assert!(known.check().unwrap_err().starts_with("Line 1 cannot be read"));
    assert!(
        KnownHosts::parse("# nothing\n")
            .check()
            .unwrap_err()
            .starts_with("It has no lines")
    );
    assert!(KnownHosts::parse(&format!("h1 {ONE}\n")).check().is_ok());
}

#[test]
fn paths_are_told_from_lines() {
    for path in ["/etc/ssh/ssh_known_hosts", "~/.ssh/known_hosts", "./known_hosts\n"] {
        assert!(is_path(path), "{path}");
    }
    assert!(!is_path(&format!("h1 {ONE}")) && !is_path("known_hosts") && !is_path("/a\n/b"));
}

#[test]
fn wildcards_take_any_number_of_characters_and_end_soon() {
    for (pattern, name, expected) in [
        ("*", "", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-b-b", false),
        ("?", "", false),
        ("h?", "h12", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
    let pattern = "*a".repeat(50) + "b";
    assert!(!matches(&pattern, &"a".repeat(5_000)));
}
