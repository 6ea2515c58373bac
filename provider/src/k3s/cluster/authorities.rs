//! Authorities that are given: from the attribute to what the first server begins with, and what is wrong with them.

use std::time::SystemTime;

use secrecy::SecretString;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::k3s::ca::{self, CustomCa, Purpose};
use crate::k3s::cluster::model::{Authority, AuthorityDraft, Ca, CaDraft, ClusterModel};

/// The attributes, by what the authority in each signs.
const PURPOSES: [(&str, Purpose); 5] = [
    (Ca::SERVER, Purpose::Server),
    (Ca::CLIENT, Purpose::Client),
    (Ca::REQUEST_HEADER, Purpose::RequestHeader),
    (Ca::ETCD_SERVER, Purpose::EtcdServer),
    (Ca::ETCD_PEER, Purpose::EtcdPeer),
];

/// What a cluster begins with, if anything is given.
pub(super) fn given(model: &ClusterModel) -> Option<CustomCa> {
    let given = model.ca.as_ref()?;
    let of = |authority: &Authority, purpose| {
        let key = authority.private_key.get()?.clone();
        let certificates = authority.certificate.clone();
        Some((purpose, ca::Authority { certificates, key }))
    };
    let all = [
        &given.server,
        &given.client,
        &given.request_header,
        &given.etcd_server,
        &given.etcd_peer,
    ];
    let authorities = all.into_iter().zip(PURPOSES);
    Some(CustomCa {
        authorities: authorities
            .filter_map(|(authority, (_, purpose))| of(authority.as_ref()?, purpose))
            .collect(),
        service_account_key: given.service_account_key.get().cloned(),
    })
}

/// Refuses authorities with which k3s could not begin, as far as they are known.
///
/// # Errors
/// Fails with everything that is wrong.
pub(super) fn check(given: &CaDraft) -> Result<(), Diagnostics> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    let all = [
        &given.server,
        &given.client,
        &given.request_header,
        &given.etcd_server,
        &given.etcd_peer,
    ];
    let mut diagnostics = Diagnostics::new();
    for (authority, (attribute, _)) in all.into_iter().zip(PURPOSES) {
        let Some(authority) = authority.known() else { continue };
        let path = Path::new(ClusterModel::CA).attribute(attribute);
        check_one(authority, &path, now, &mut diagnostics);
    }
    diagnostics.into_result(())
}

fn check_one(draft: &AuthorityDraft, path: &Path, now: i64, diagnostics: &mut Diagnostics) {
    let Some(certificates) = draft.certificate.known().cloned() else {
        return;
    };
    let key: Option<SecretString> = draft.private_key.known().cloned();
    let authority = ca::Authority {
        certificates,
        key: key.clone().unwrap_or_else(|| SecretString::from(String::new())),
    };
    let mut refuse = |attribute, error: ca::CaError| {
        let detail = format!("k3s could not begin a cluster with this: {error}.");
        let path = path.clone().attribute(attribute);
        diagnostics.push(Diagnostic::error("Unusable authority", detail).at(path));
    };
    if let Err(error) = authority.check_certificates(now) {
        return refuse(Authority::CERTIFICATE, error);
    }
    if let (Some(_), Err(error)) = (key, authority.check_key()) {
        refuse(Authority::PRIVATE_KEY, error);
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use serde_json::{Value as Json, json};
    use tf_framework::WriteOnly;

    use super::*;
    use crate::k3s::cluster::fixtures::{draft, model, with};

    fn authority(is_ca: bool) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn refused(certificate: &str, key: &str) -> Vec<String> {
        let given: Json = json!({ "ca": { "etcd_peer": { "certificate": certificate, "private_key": key } } });
        let config = draft(&with(given));
        let refused = check(config.ca.known().expect("it is given")).err().unwrap_or_default();
        let paths = refused.iter().filter_map(|one| one.path.as_ref());
        paths.map(ToString::to_string).collect()
    }

    #[test]
    fn an_authority_that_k3s_could_not_begin_with_is_refused_at_its_part() {
        let (certificate, key) = authority(true);
        assert_eq!(refused(&certificate, &key), Vec::<String>::new());
        assert_eq!(refused(&certificate, &authority(true).1), ["ca.etcd_peer.private_key"]);
        assert_eq!(refused(&authority(false).0, &key), ["ca.etcd_peer.certificate"]);
    }

    #[test]
    fn what_is_given_is_what_the_first_server_begins_with() {
        assert!(given(&model(&with(json!({})))).is_none());
        let (certificate, key) = authority(true);
        let mut model = model(&with(json!({ "ca": { "client": { "certificate": certificate } } })));
        if let Some(client) = model.ca.as_mut().and_then(|ca| ca.client.as_mut()) {
            client.private_key = WriteOnly::new(Some(key.into()));
        }
        let given = given(&model).unwrap();
        assert_eq!(
            given.authorities.first().map(|(purpose, _)| *purpose),
            Some(Purpose::Client)
        );
        assert_eq!(given.files().len(), 2);
    }
}
