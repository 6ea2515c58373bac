//! From values to arguments; what concerns the data is in [`super::storage`].

use std::collections::BTreeMap;

use super::arguments::{
    Alb, Arguments, Couchdb, Gce, Healthcheck, Image, Ingress, Probes, Service, Tls, Toleration, UpgradeService,
};
use super::chart::{Chart, Platform, REGISTRY, TLS_SECRET, UPGRADE_SERVICE_IMAGE};
use super::source::Source;
use super::storage;
use crate::cht::ChtVersion;

/// Keys that only told Helm, the old deploy script, or nobody, what to do.
const NOT_ABOUT_THE_INSTANCE: &[&str] = &[
    "project_name",
    "cht_chart_version",
    "environment",
    "cert_source",
    "certificate_crt_file_path",
    "certificate_key_file_path",
    "ingress.hosted_zone_id",
    "ingress.load_balancer",
    "ingress.gcp.enabled",
    "couchdb.persistent_disk.type",
];

pub(super) fn arguments(source: &mut Source) -> Arguments {
    source.ignore(NOT_ABOUT_THE_INSTANCE);
    let (cht_version, tag) = release(source);
    let chart = Chart::of(cht_version.as_ref().map_or(5, |version| version.major));
    let platform = Platform::read(source);
    let namespace = source.required("namespace");
    source.expect("api.service.type", "ClusterIP");
    source.expect("api.port", "5988");
    source.expect("haproxy.ip", "0.0.0.0");
    source.expect("haproxy.port", "5984");
    let mut arguments = Arguments {
        cht_version: cht_version.map(|version| version.to_string()).unwrap_or_default(),
        image: image(source, tag),
        builds_url: source.text("upstream_servers.builds_url"),
        couchdb: couchdb(source, chart, platform, &namespace),
        api: service(source, "api"),
        sentinel: service(source, "sentinel"),
        healthcheck: Healthcheck { enabled: true },
        upgrade_service: upgrade_service(source, chart),
        host: source.text("ingress.host"),
        ingress: ingress(source, chart, platform),
        probes: Probes { enabled: false },
        namespace,
        unused: Vec::new(),
    };
    arguments.unused = source.unused();
    arguments
}

/// The release, and the tag of the images if that is another word.
fn release(source: &mut Source) -> (Option<ChtVersion>, Option<String>) {
    let tag = source.text("cht_image_tag");
    let named = source.text("chtversion");
    let version = |text: &Option<String>| text.as_ref()?.parse::<ChtVersion>().ok();
    if let Some(version) = version(&tag) {
        return (Some(version), None);
    }
    let named = version(&named);
    if named.is_none() {
        source.problem("Neither `cht_image_tag` nor `chtversion` names the CHT release that runs, such as 5.3.1.");
    }
    (named, tag)
}

fn image(source: &mut Source, tag: Option<String>) -> Option<Image> {
    let image = Image {
        registry: unless(source.text("upstream_servers.docker_registry"), REGISTRY),
        tag,
        pull_policy: (source.flag("cache_images") == Some(false)).then(|| "Always".to_owned()),
    };
    given(image)
}

fn couchdb(source: &mut Source, chart: Chart, platform: Platform, namespace: &str) -> Couchdb {
    source.expect("couchdb.db_name", "medic");
    let volumes = storage::volumes(source, chart, platform, namespace);
    Couchdb {
        storage_size: volumes.size,
        storage_class: volumes.class,
        nodes: volumes.nodes,
        existing_data: volumes.existing_data,
        data_path: match source.has("couchdb_data.dataPathOnDiskForCouchDB") {
            // Nothing stands for the volume's root.
            true => source.text("couchdb_data.dataPathOnDiskForCouchDB").unwrap_or_default(),
            false => "data".to_owned(),
        },
        admin_user: source.text("couchdb.user").unwrap_or_else(|| "medic".to_owned()),
        admin_password: source.required("couchdb.password"),
        secret: identity(source, chart, "couchdb.secret"),
        uuid: identity(source, chart, "couchdb.uuid"),
        tolerations: tolerations(source, chart),
    }
}

/// What CouchDB keeps for good. The chart for CHT 4 has a value of its own where none is given, which only the secret
/// of the running instance tells.
fn identity(source: &mut Source, chart: Chart, key: &str) -> Option<String> {
    match chart {
        Chart::Four => source.text(key),
        Chart::Five => Some(source.required(key)),
    }
}

fn tolerations(source: &mut Source, chart: Chart) -> Option<Vec<Toleration>> {
    let given_here = source.has("toleration");
    let toleration = Toleration {
        key: source.text("toleration.key"),
        operator: source.text("toleration.operator"),
        value: source.text("toleration.value"),
        effect: source.text("toleration.effect"),
    };
    match (given_here, chart) {
        (true, _) => given(toleration).map(|toleration| vec![toleration]),
        (false, Chart::Five) => None,
        // The older chart always has one.
        (false, Chart::Four) => Some(vec![Toleration {
            key: Some("dev-couchdb-only".to_owned()),
            operator: Some("Equal".to_owned()),
            value: Some("true".to_owned()),
            effect: Some("NoSchedule".to_owned()),
        }]),
    }
}

fn service(source: &mut Source, name: &str) -> Option<Service> {
    given(Service {
        log_level: unless(source.text(&format!("{name}.log_level")), "info"),
        node_env: unless(source.text(&format!("{name}.node_env")), "production"),
    })
}

fn upgrade_service(source: &mut Source, chart: Chart) -> Option<UpgradeService> {
    let tag = source.text("upgrade_service.tag");
    (chart == Chart::Four).then(|| UpgradeService {
        image: format!("{UPGRADE_SERVICE_IMAGE}:{}", tag.as_deref().unwrap_or("0.32")),
    })
}

fn ingress(source: &mut Source, chart: Chart, platform: Platform) -> Option<Ingress> {
    match platform {
        Platform::Eks => Some(Ingress {
            class: Some("alb".to_owned()),
            tls: source.text("ingress.annotations.certificate").map(|arn| Tls {
                acm_certificate_arn: Some(arn),
                ..Tls::default()
            }),
            alb: given(Alb {
                group_name: source.text("ingress.annotations.groupname"),
                tags: tags(source, "ingress.annotations.tags"),
            }),
            ..Ingress::default()
        }),
        Platform::Gke => Some(Ingress {
            class: Some("gce".to_owned()),
            tls: source.text("ingress.gcp.managedCertificateName").map(|name| Tls {
                managed_certificate: Some(name),
                ..Tls::default()
            }),
            gce: given(Gce {
                static_ip_name: source.text("ingress.gcp.staticIpName"),
            }),
            ..Ingress::default()
        }),
        // The chart for CHT 5 forgot the certificate, without which nobody wants to go on.
        Platform::K3s => Some(Ingress {
            tls: (chart == Chart::Four).then(|| Tls {
                secret_name: Some(TLS_SECRET.to_owned()),
                ..Tls::default()
            }),
            ..Ingress::default()
        }),
    }
}

/// `Environment=prod,Team=ops`, as the load balancer's controller writes tags.
fn tags(source: &mut Source, key: &str) -> Option<BTreeMap<String, String>> {
    let text = source.text(key)?;
    let pairs: Option<BTreeMap<_, _>> = text
        .split(',')
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect();
    if pairs.is_none() {
        source.problem(format!("`{key}` has to be a list such as `Environment=prod,Team=ops`."));
    }
    pairs
}

/// The text, unless `cht_instance` has the same where there is none.
fn unless(text: Option<String>, usual: &str) -> Option<String> {
    text.filter(|text| text != usual)
}

/// The value, unless it says nothing.
fn given<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}
