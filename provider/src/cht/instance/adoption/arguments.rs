//! From the live objects of an instance to the arguments that describe it.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::{Attr, Timeouts};

use super::helm::Release;
use super::pods::{self, given};
use super::site::{API, Site, unsupported};
use super::{couchdb, ingress};
use crate::cht::instance::model::{Image, InstanceModel, Nouveau, Probes, UpgradeService};
use crate::cht::instance::spec;
use crate::cht::instance::spec::layout::Layout;
use crate::cht::version::ChtVersion;

/// Where the release came from if no object names one: somebody applied the chart's manifests.
const MANIFESTS: &str = "manifests";

/// Reads an instance. What only the running application knows is left to the next refresh.
pub(super) async fn read(site: &Site<'_>) -> Result<InstanceModel, Diagnostics> {
    let images = Images::of(site)?;
    let layout = Layout::of(&images.version);
    let couchdb = couchdb::read(site, &images.version).await?;
    let (host, ingress) = ingress::read(site);
    let api = site.deployment(API);
    let component = |name: &str| pods::component(&site.deployment(name)?, layout);
    let is_clustered = site.couchdb.len() > 1;
    Ok(InstanceModel {
        kubernetes: None,
        namespace: site.namespace.to_owned(),
        // The chart makes none.
        create_namespace: false,
        cht_version: images.version.to_string(),
        host,
        image: images.image,
        upgrade: None,
        allow_downgrade: false,
        builds_url: api
            .as_ref()
            .and_then(|api| pods::variable(api, "BUILDS_URL"))
            .unwrap_or(spec::DEFAULT_BUILDS_URL)
            .to_owned(),
        cluster_domain: cluster_domain(site),
        couchdb,
        nouveau: nouveau(site),
        api: component(API),
        sentinel: component("cht-sentinel"),
        haproxy: site.deployment("cht-haproxy").as_ref().and_then(pods::proxy),
        healthcheck: pods::healthcheck(
            site.deployment("cht-haproxy-healthcheck").as_ref(),
            is_clustered || layout.always_has_healthcheck,
        ),
        upgrade_service: upgrade_service(site, layout),
        api_access: None,
        ingress,
        probes: probes(site),
        deletion_protection: true,
        retain_volumes: true,
        url: Attr::Null,
        live_version: Attr::Null,
        ready: Attr::Null,
        ingress_address: Attr::Null,
        adopted_from: Attr::Known(origin(site)),
        drift: Attr::Null,
        timeouts: Timeouts::default(),
    })
}

/// What the API's image says of all images. One that has another tag shows as drift.
struct Images {
    version: ChtVersion,
    image: Option<Image>,
}

impl Images {
    fn of(site: &Site<'_>) -> Result<Images, Diagnostics> {
        let api = site.deployment(API);
        let named = api.as_ref().and_then(|api| pods::container(api)?.image.as_deref());
        let named = named.unwrap_or_default();
        let parts = named.rsplit_once(':').and_then(|(name, tag)| {
            let registry = name.strip_suffix("/cht-api")?;
            Some((registry, tag))
        });
        let Some((registry, tag)) = parts else {
            return Err(unreadable(named));
        };
        let version: ChtVersion = tag.parse().map_err(|_| unreadable(named))?;
        if version.major < 4 {
            return Err(unsupported(tag));
        }
        let image = given(image(registry, api.as_ref()));
        Ok(Images { version, image })
    }
}

/// Where the images come from, as far as that is not as usual.
fn image(registry: &str, api: Option<&Deployment>) -> Image {
    let usual = spec::Image::default();
    let pull_policy = api.and_then(|api| pods::container(api)?.image_pull_policy.clone());
    let pull_secrets = api.and_then(|api| pods::pod(api)?.image_pull_secrets.as_ref());
    let names: Vec<String> = pull_secrets
        .into_iter()
        .flatten()
        .map(|secret| secret.name.clone())
        .collect();
    Image {
        registry: (registry != usual.registry).then(|| registry.to_owned()),
        tag: None,
        pull_policy: pull_policy.filter(|policy| *policy != usual.pull_policy),
        pull_secrets: (!names.is_empty()).then_some(names),
    }
}

fn unreadable(image: &str) -> Diagnostics {
    Diagnostic::error(
        "CHT release cannot be told",
        format!(
            "The API has the image `{image}`, whose tag names no release. An import needs one: let all Deployments have the \
             images of a release, such as `public.ecr.aws/medic/cht-api:5.3.1`, and import again."
        ),
    )
    .into()
}

/// The domain that the name of the first node of CouchDB ends in: `couchdb.<namespace>.svc.<domain>`.
fn cluster_domain(site: &Site<'_>) -> String {
    let name = site.couchdb.first().and_then(|node| pods::variable(node, "SVC_NAME"));
    let domain = name.and_then(|name| name.split_once(&format!(".{}.svc.", site.namespace)));
    domain.map_or("cluster.local", |(_, domain)| domain).to_owned()
}

fn nouveau(site: &Site<'_>) -> Option<Nouveau> {
    let own = site.deployment("cht-couchdb-nouveau");
    let mut containers = site
        .couchdb
        .iter()
        .chain(&own)
        .filter_map(pods::pod)
        .flat_map(|pod| &pod.containers);
    let container = containers.find(|container| container.name == "cht-couchdb-nouveau")?;
    given(Nouveau {
        resources: pods::resources(container.resources.as_ref()),
    })
}

fn upgrade_service(site: &Site<'_>, layout: &Layout) -> Option<UpgradeService> {
    let deployment = site
        .deployment("upgrade-service")
        .filter(|_| layout.has_upgrade_service)?;
    let container = pods::container(&deployment)?;
    Some(UpgradeService {
        image: container.image.clone(),
        resources: pods::resources(container.resources.as_ref()),
    })
}

/// The chart sets no probes. Where somebody did, ours take their place.
fn probes(site: &Site<'_>) -> Option<Probes> {
    let mut deployments = site.couchdb.iter().cloned().chain(site.deployment(API));
    let has_probes = deployments.any(|deployment| {
        let container = pods::container(&deployment);
        container.is_some_and(|container| container.liveness_probe.is_some() || container.readiness_probe.is_some())
    });
    (!has_probes).then(|| Probes {
        enabled: Some(false),
        ..Probes::default()
    })
}

fn origin(site: &Site<'_>) -> String {
    let release = site.objects.objects().find_map(Release::of);
    release.map_or_else(|| MANIFESTS.to_owned(), |release| release.description())
}

/// The value that all have, if it is the same.
pub(super) fn common<T: Clone + PartialEq>(values: &[Option<T>]) -> Option<T> {
    let first = values.first()?.clone()?;
    values
        .iter()
        .all(|value| value.as_ref() == Some(&first))
        .then_some(first)
}

/// A map, unless it is empty.
pub(super) fn filled(map: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    (!map.is_empty()).then_some(map)
}
