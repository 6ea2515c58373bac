//! Tests of authorities: what is taken, what is refused, and what the cluster is known by.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::*;

const NOW: i64 = 1_800_000_000;

fn params(name: &str, is_ca: bool) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

struct Given {
    root: String,
    authority: Authority,
}

/// An authority that a root has signed.
fn given(is_ca: bool) -> Given {
    let root = CertifiedIssuer::self_signed(params("root", true), KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params("k3s", is_ca).signed_by(&key, &root).unwrap();
    Given {
        root: root.pem(),
        authority: Authority {
            certificates: format!("{}{}", certificate.pem(), root.pem()),
            key: key.serialize_pem().into(),
        },
    }
}

fn with(certificates: &str) -> Authority {
    Authority {
        certificates: certificates.to_owned(),
        ..given(true).authority
    }
}

#[test]
fn an_authority_with_its_root_and_its_key_is_taken() {
    let Given { root, authority } = given(true);
    assert_eq!(authority.check_certificates(NOW), Ok(()));
    assert_eq!(authority.check_key(), Ok(()));
    assert_eq!(with(&root).check_certificates(NOW), Ok(()), "a root alone");
}

#[test]
fn what_k3s_could_not_work_with_is_refused() {
    let Given { root, authority } = given(true);
    let chain = &authority.certificates;
    let alone = chain.split_once("-----END CERTIFICATE-----\n").unwrap().0.to_owned() + "-----END CERTIFICATE-----\n";
    let wrong_way = format!("{root}{alone}");
    for (certificates, error) in [
        (alone.as_str(), CaError::NoRoot),
        (wrong_way.as_str(), CaError::Chain { position: 1 }),
        (
            given(false).authority.certificates.as_str(),
            CaError::NoAuthority { position: 1 },
        ),
        ("", CaError::Certificate),
        ("nothing", CaError::Certificate),
    ] {
        assert_eq!(with(certificates).check_certificates(NOW), Err(error), "{certificates}");
    }
    assert_eq!(authority.check_certificates(0), Err(CaError::Lifetime { position: 1 }));
    assert_eq!(with(chain).check_key(), Err(CaError::OtherKey));
    let no_key = Authority {
        key: "nothing".into(),
        ..authority
    };
    assert_eq!(no_key.check_key(), Err(CaError::Key));
}

#[test]
fn the_cluster_is_known_by_the_root_or_by_the_one_certificate() {
    let Given { root, authority } = given(true);
    assert_eq!(token_hash(&root), Some(digest::sha256(root.as_bytes())));
    let der = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
    let custom = CustomCa {
        authorities: vec![(Purpose::Server, authority)],
        service_account_key: None,
    };
    assert_eq!(custom.token_hash(), Some(digest::sha256(&der)));
    assert_eq!(CustomCa::default().token_hash(), None);
    assert_eq!(token_hash(""), None);
}

#[test]
fn files_are_where_k3s_looks_for_them_and_keys_are_roots_alone() {
    let all = [
        Purpose::Server,
        Purpose::Client,
        Purpose::RequestHeader,
        Purpose::EtcdServer,
        Purpose::EtcdPeer,
    ];
    let custom = CustomCa {
        authorities: all.map(|purpose| (purpose, given(true).authority)).into(),
        service_account_key: Some("key".into()),
    };
    let files = custom.files();
    assert_eq!(files.len(), 11);
    assert!(
        files
            .iter()
            .all(|file| (file.mode == 0o600) == file.path.ends_with(".key"))
    );
    assert!(files.iter().any(|file| file.path == "server/tls/etcd/peer-ca.crt"));
    assert!(!format!("{files:?}").contains("PRIVATE"));
}
