//! The calls about load balancers.
//!
//! API: [DescribeLoadBalancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html).

use aws_sdk_elasticloadbalancingv2::types::LoadBalancer;

use super::account::Account;
use super::error::Error;
use super::route53::is_same_name;

const SERVICE: &str = "elasticloadbalancing";

impl Account {
    /// The load balancer with this host name; nothing if there is none in the region.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn load_balancer_at(&self, host: &str) -> Result<Option<LoadBalancer>, Error> {
        let call = self.call(SERVICE, "DescribeLoadBalancers");
        let mut marker = None;
        loop {
            let sent = self
                .services()
                .load_balancing
                .describe_load_balancers()
                .set_marker(marker)
                .send();
            let page = self.run(&call, sent).await?;
            let balancers = page.load_balancers.unwrap_or_default().into_iter();
            let found = balancers
                .into_iter()
                .find(|balancer| balancer.dns_name().is_some_and(|name| is_same_name(name, host)));
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if found.is_some() || marker.is_none() {
                return Ok(found);
            }
        }
    }
}
