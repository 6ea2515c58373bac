//! The listeners of a load balancer, their rules, and the target groups that these lead to.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Deployer, hash, list, short};

impl Deployer<'_> {
    /// The target groups, by host.
    pub(super) async fn targets(&self, vpc: &Value) -> Result<BTreeMap<String, Value>> {
        let mut there = BTreeMap::new();
        for group in self.found("DescribeTargetGroups", "TargetGroups").await? {
            there.insert(
                group["TargetGroupName"].as_str().unwrap_or_default().to_owned(),
                group["TargetGroupArn"].clone(),
            );
        }
        let mut targets = BTreeMap::new();
        for member in &self.group.members {
            let kind = member.annotation("target-type").unwrap_or("instance");
            let path = member.annotation("healthcheck-path").unwrap_or("/");
            for (host, service, port) in &member.backends {
                let resource = format!("{}/{}-{service}:{port}", member.namespace, member.name);
                let name = format!(
                    "k8s-{}-{}-{}",
                    short(&member.namespace, 8),
                    short(service, 8),
                    hash(&format!("{}{}{resource}{kind}{path}", self.cluster, self.group.stack))
                );
                let arn = match there.get(&name) {
                    Some(arn) => arn.clone(),
                    None => {
                        let asked = json!({
                            "Name": name, "Protocol": "HTTP", "Port": if kind == "ip" { 5988 } else { 1 },
                            "VpcId": vpc, "TargetType": kind, "HealthCheckPath": path, "Tags": self.tags(&resource),
                        });
                        let made = self.call("elbv2", "CreateTargetGroup", asked).await?;
                        made["TargetGroups"][0]["TargetGroupArn"].clone()
                    }
                };
                targets.insert(host.clone(), arn);
            }
        }
        Ok(targets)
    }

    pub(super) async fn listener(
        &self,
        balancer: &Value,
        port: u16,
        certificates: &[String],
        targets: &BTreeMap<String, Value>,
    ) -> Result<()> {
        let nothing = json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}});
        let mut asked = json!({
            "LoadBalancerArn": balancer, "Protocol": if port == 443 { "HTTPS" } else { "HTTP" }, "Port": port,
            "DefaultActions": [nothing], "Tags": self.tags(&port.to_string()),
        });
        if let Some(certificate) = certificates.first() {
            asked["Certificates"] = json!([{"CertificateArn": certificate}]);
        }
        let made = self.call("elbv2", "CreateListener", asked).await?;
        let listener = &made["Listeners"][0]["ListenerArn"];
        for (number, (host, target)) in targets.iter().enumerate() {
            let asked = json!({
                "ListenerArn": listener, "Priority": number + 1,
                "Conditions": [{"Field": "host-header", "Values": [host]}],
                "Actions": [{"Type": "forward", "TargetGroupArn": target}],
            });
            self.call("elbv2", "CreateRule", asked).await?;
        }
        Ok(())
    }

    pub(super) async fn remove_listeners(&self, balancer: &Value) -> Result<()> {
        let asked = json!({"LoadBalancerArn": balancer});
        for listener in list(&self.call("elbv2", "DescribeListeners", asked).await?["Listeners"]) {
            let asked = json!({"ListenerArn": listener["ListenerArn"]});
            self.call("elbv2", "DeleteListener", asked).await?;
        }
        Ok(())
    }

    pub(super) async fn remove_targets(&self, is_doomed: impl Fn(&Value) -> bool) -> Result<()> {
        for group in self.found("DescribeTargetGroups", "TargetGroups").await? {
            let arn = &group["TargetGroupArn"];
            if is_doomed(arn) {
                self.call("elbv2", "DeleteTargetGroup", json!({"TargetGroupArn": arn}))
                    .await?;
            }
        }
        Ok(())
    }
}
