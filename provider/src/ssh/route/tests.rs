//! From configurations to the hops of a connection.

use super::*;

fn key(name: &str) -> Option<SecretString> {
    Some(name.to_owned().into())
}

#[test]
fn defaults_are_those_of_a_fresh_server() {
    let route = Route::new("10.0.0.9", &Ssh::default()).unwrap();
    assert_eq!((route.address().as_str(), route.user()), ("10.0.0.9:22", "root"));
    assert_eq!(route.sudo, Sudo::None);
    assert_eq!(route.command_timeout, Duration::from_secs(300));
    let other = Ssh {
        user: Some("ubuntu".to_owned()),
        ..Ssh::default()
    };
    assert_eq!(Route::new("10.0.0.9", &other).unwrap().sudo, Sudo::Ask(None));
    assert_eq!(Route::new("fe80::1", &other).unwrap().address(), "[fe80::1]:22");
}

#[test]
fn bastion_takes_from_the_host_what_it_does_not_say() {
    let ssh = Ssh {
        user: Some("ubuntu".to_owned()),
        private_key: key("host's"),
        bastion: Some(vec![
            Bastion {
                host: "b1".to_owned(),
                ..Bastion::default()
            },
            Bastion {
                host: "b2".to_owned(),
                user: Some("jump".to_owned()),
                password: key("bastion's"),
                port: Some(2222),
                host_key_policy: Some("accept-new".to_owned()),
                ..Bastion::default()
            },
        ]),
        ..Ssh::default()
    };
    let route = Route::new("h1", &ssh).unwrap();
    let [one, other, host] = route.hops.as_slice() else {
        panic!("{route:?}")
    };
    assert_eq!((one.user.as_str(), one.bastion), ("ubuntu", Some(0)));
    assert!(one.login == host.login && host.bastion.is_none());
    assert_eq!(
        (other.user.as_str(), other.address.to_string().as_str()),
        ("jump", "b2:2222")
    );
    assert!(
        other.login.private_key.is_none(),
        "its own login hides all of the host's"
    );
    assert_eq!(
        (one.trust.policy, other.trust.policy),
        (Policy::Verify, Policy::AcceptNew)
    );
}

#[test]
fn ways_are_equal_if_they_lead_to_the_same_place_with_the_same_secrets() {
    let way = |password: &str| Ssh {
        password: key(password),
        ..Ssh::default()
    };
    let route = |password: &str| Route::new("h1", &way(password)).unwrap();
    assert_eq!(route("a"), route("a"));
    assert_ne!(route("a"), route("b"));
    assert_ne!(route("a"), Route::new("h2", &way("a")).unwrap());
    let pins = Pins::from([("h1:22".to_owned(), "SHA256:x".to_owned())]);
    assert_eq!(
        route("a").with_pins(&pins).hops[0].trust.pin.as_deref(),
        Some("SHA256:x")
    );
}

#[test]
fn resource_hides_the_default_login_and_known_hosts_as_a_whole() {
    let default = Ssh {
        user: Some("ubuntu".to_owned()),
        private_key: key("default's"),
        known_hosts: Some("~/.ssh/known_hosts".to_owned()),
        ..Ssh::default()
    };
    let own = Ssh {
        password: key("own"),
        ..Ssh::default()
    };
    let both = own.over(Some(&default));
    assert!(both.private_key.is_none() && both.password.is_some());
    assert_eq!(
        (both.user.as_deref(), both.known_hosts.as_deref()),
        (Some("ubuntu"), Some("~/.ssh/known_hosts"))
    );
    let own = Ssh {
        host_key: Some(vec!["SHA256:x".to_owned()]),
        ..Ssh::default()
    };
    let both = own.over(Some(&default));
    assert!(both.private_key.is_some() && both.known_hosts.is_none());
}

#[test]
fn known_hosts_are_read_of_a_file_that_must_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("known_hosts");
    let ssh = Ssh {
        known_hosts: Some(path.display().to_string()),
        ..Ssh::default()
    };
    let error = Route::new("h1", &ssh).unwrap_err();
    assert!(
        matches!(error, Error::ReadKnownHosts { .. }),
        "an unreadable file is not taken for an empty one"
    );
    std::fs::write(
        &path,
        "h1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio\n",
    )
    .unwrap();
    let route = Route::new("h1", &ssh).unwrap();
    assert!(!route.hops[0].trust.is_unrecorded(&route.hops[0].address));
}

#[test]
fn nothing_secret_is_in_the_debug_text() {
    let ssh = Ssh {
        private_key: key("top-secret-key"),
        passphrase: key("top-secret-passphrase"),
        password: key("top-secret-password"),
        sudo_password: key("top-secret-sudo"),
        user: Some("ubuntu".to_owned()),
        bastion: Some(vec![Bastion {
            host: "b1".to_owned(),
            password: key("top-secret-bastion"),
            ..Bastion::default()
        }]),
        ..Ssh::default()
    };
    let text = format!("{ssh:?} {:?}", Route::new("h1", &ssh).unwrap());
    assert!(text.contains("ubuntu") && !text.contains("top-secret"), "{text}");
}
