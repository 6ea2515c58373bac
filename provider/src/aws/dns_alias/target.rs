//! The load balancer to which a name leads: given by its host name, or by an ingress that gets it from its controller.

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::api::networking::v1::Ingress;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::DnsAliasResource;
use super::model::{DnsAliasModel, IngressReference};
use super::record::{Goal, without_prefix};
use crate::kubernetes::{Access, Kind, LiveObject, ObjectKey};
use crate::provider::Clients;

const SUMMARY: &str = "Unable to read the ingress";

/// Where the name is to lead, once that is there.
pub(super) async fn goal(
    cx: &Context<DnsAliasResource>,
    account: &Account,
    model: &DnsAliasModel,
) -> Result<Goal, Diagnostics> {
    let (hostname, attribute) = match (&model.target, &model.ingress) {
        (Some(target), _) => (without_prefix(target), DnsAliasModel::TARGET),
        (None, Some(ingress)) => (wait_for_address(cx, model, ingress).await?, DnsAliasModel::INGRESS),
        (None, None) => return Err(no_address()),
    };
    let found = account.load_balancer_at(&hostname).await;
    let found = found.map_err(explained("Unable to look up the load balancer"))?;
    let zone_id = found.as_ref().and_then(|balancer| balancer.canonical_hosted_zone_id());
    let Some(zone_id) = zone_id else {
        return Err(no_balancer(account, &hostname, attribute));
    };
    let kind = found
        .as_ref()
        .and_then(|balancer| balancer.r#type())
        .map(|kind| kind.as_str());
    Ok(Goal {
        name: model.name.clone(),
        zone_id: zone_id.to_owned(),
        // Those of networks have one name for both.
        dualstack: kind == Some("application"),
        hostname,
    })
}

/// The host name to which the name should lead by now; none if the ingress has no load balancer.
pub(super) async fn current(
    cx: &Context<DnsAliasResource>,
    model: &DnsAliasModel,
) -> Result<Option<String>, Diagnostics> {
    let Some(ingress) = model.ingress.as_ref().filter(|_| model.target.is_none()) else {
        return Ok(model.target.as_deref().map(without_prefix));
    };
    let access = Clients::access(cx, model.kubernetes.as_ref()).await?;
    let found = access.cluster.find_object(&key(ingress)).await;
    let found = found.map_err(access.explain(SUMMARY))?;
    let address = found.as_ref().and_then(|live| address(live, "hostname"));
    Ok(address.map(without_prefix))
}

/// Waits until the controller has given the ingress its load balancer.
async fn wait_for_address(
    cx: &Context<DnsAliasResource>,
    model: &DnsAliasModel,
    ingress: &IngressReference,
) -> Result<String, Diagnostics> {
    let access = Clients::access(cx, model.kubernetes.as_ref()).await?;
    let what = format!("the address of the ingress {}/{}", ingress.namespace, ingress.name);
    cx.wait(&what, Backoff::SLOW, async || {
        let found = access.cluster.find_object(&key(ingress)).await;
        let Some(live) = found.map_err(access.explain(SUMMARY))? else {
            return Ok(Progress::Pending("it is not in the cluster".to_owned()));
        };
        if let Some(hostname) = address(&live, "hostname") {
            return Ok(Progress::Ready(without_prefix(hostname)));
        }
        if let Some(ip) = address(&live, "ip") {
            return Err(no_host_name(ingress, ip));
        }
        Ok(Progress::Pending(why_not(&access, ingress).await))
    })
    .await
}

/// What the controller says of an ingress that has no address.
async fn why_not(access: &Access, ingress: &IngressReference) -> String {
    let events = access
        .cluster
        .read_all(&[Kind::namespaced::<Event>()], &ingress.namespace)
        .await;
    let said = events
        .ok()
        .and_then(|events| last_warning(events.objects(), &ingress.name));
    said.unwrap_or_else(|| {
        "no controller has given it one, nor said why: is the AWS Load Balancer Controller there, and is the ingress of its class?".to_owned()
    })
}

/// The newest warning about an ingress.
fn last_warning<'e>(events: impl Iterator<Item = &'e LiveObject>, ingress: &str) -> Option<String> {
    let text = |event: &LiveObject, pointer: &str| {
        let value = event.json().pointer(pointer).and_then(|value| value.as_str());
        value.unwrap_or_default().to_owned()
    };
    let about = events.filter(|event| {
        text(event, "/involvedObject/kind") == "Ingress"
            && text(event, "/involvedObject/name") == ingress
            && text(event, "/type") == "Warning"
    });
    let newest = about.max_by_key(|event| {
        let last = text(event, "/lastTimestamp");
        if last.is_empty() {
            text(event, "/eventTime")
        } else {
            last
        }
    })?;
    Some(format!("{}: {}", text(newest, "/reason"), text(newest, "/message")))
}

fn key(ingress: &IngressReference) -> ObjectKey {
    ObjectKey::namespaced::<Ingress>(&ingress.namespace, &ingress.name)
}

/// The address of a kind in an ingress.
fn address<'l>(ingress: &'l LiveObject, kind: &str) -> Option<&'l str> {
    let first = ingress.json().pointer("/status/loadBalancer/ingress/0")?;
    first.get(kind)?.as_str().filter(|address| !address.is_empty())
}

fn no_address() -> Diagnostics {
    let detail = "`target` is null: what it is taken from has no address yet, as it takes a controller some minutes to make a load \
                  balancer. Give `ingress` in its place, which is waited for, such as \
                  `ingress = { namespace = cht_instance.NAME.namespace }` with `kubernetes = cht_instance.NAME.kubernetes`.";
    Diagnostic::error("Nowhere to lead to", detail)
        .at(DnsAliasModel::TARGET)
        .into()
}

fn no_host_name(ingress: &IngressReference, ip: &str) -> Diagnostics {
    let detail = format!(
        "The ingress {}/{} has the address {ip}. An alias leads to the host name of a load balancer of AWS: make an ordinary record of \
         type A for an address.",
        ingress.namespace, ingress.name
    );
    Diagnostic::error("Ingress has no load balancer of AWS", detail)
        .at(DnsAliasModel::INGRESS)
        .into()
}

fn no_balancer(account: &Account, hostname: &str, attribute: &'static str) -> Diagnostics {
    let detail = format!(
        "There is no load balancer {hostname} in {} of this account. An alias needs one, of the kind `application` or `network`: check \
         `aws.region` and the account. For any other name, make a record of type CNAME.",
        account.region()
    );
    Diagnostic::error("No such load balancer", detail).at(attribute).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_warning_says_why_there_is_no_address() {
        let event = |name: &str, about: &str, kind: &str, at: &str, message: &str| {
            LiveObject::from_json(json!({
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "cht", "uid": name},
                "involvedObject": {"kind": "Ingress", "name": about}, "type": kind, "lastTimestamp": at,
                "reason": "FailedBuildModel", "message": message,
            }))
            .unwrap()
        };
        let events = [
            event("a", "api-ingress", "Warning", "2026-01-01T00:00:00Z", "old"),
            event("b", "api-ingress", "Warning", "2026-01-01T00:01:00Z", "no subnets"),
            event("c", "api-ingress", "Normal", "2026-01-01T00:02:00Z", "fine"),
            event("d", "other", "Warning", "2026-01-01T00:03:00Z", "other"),
        ];
        let said = last_warning(events.iter(), "api-ingress");
        assert_eq!(said.as_deref(), Some("FailedBuildModel: no subnets"));
    }
}
