//! Kinds that a component brings along (`CustomResourceDefinition`): what is of such a kind can be made as soon as the
//! server serves it.

use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::Diagnostics;

use super::super::kind::Kind;
use super::super::object::Object;
use super::super::read::LiveObject;
use super::Component;

impl Component<'_> {
    /// Waits until the server serves the kinds that these objects define.
    pub(super) async fn wait_for_definitions<C: Sync>(
        &self,
        scope: &Scope<C>,
        objects: &[Object],
    ) -> Result<(), Diagnostics> {
        let explain = self.explain("read");
        for object in objects.iter().filter(|object| object.key().kind == Kind::DEFINITION) {
            let what = format!("the cluster to serve {}", object.key().name);
            scope
                .wait(&what, Backoff::QUICK, || async {
                    let live = self.cluster().find_object(object.key()).await.map_err(&explain)?;
                    Ok::<_, Diagnostics>(match live {
                        Some(live) if is_established(&live) => Progress::Ready(()),
                        _ => Progress::Pending("it does not yet".to_owned()),
                    })
                })
                .await?;
        }
        Ok(())
    }
}

fn is_established(live: &LiveObject) -> bool {
    let conditions = live.json().pointer("/status/conditions").and_then(|all| all.as_array());
    let is_true = |condition: &serde_json::Value| condition["type"] == "Established" && condition["status"] == "True";
    conditions.is_some_and(|all| all.iter().any(is_true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_is_served_when_its_definition_is_established() {
        let with = |status: serde_json::Value| {
            let json = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": { "name": "volumesnapshots.snapshot.storage.k8s.io" }, "status": status,
            });
            is_established(&LiveObject::from_json(json).unwrap())
        };
        assert!(!with(json!({})));
        assert!(!with(
            json!({ "conditions": [{ "type": "NamesAccepted", "status": "True" }] })
        ));
        assert!(!with(
            json!({ "conditions": [{ "type": "Established", "status": "False" }] })
        ));
        assert!(with(
            json!({ "conditions": [{ "type": "Established", "status": "True" }] })
        ));
    }
}
