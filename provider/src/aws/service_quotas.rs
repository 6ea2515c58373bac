//! Service Quotas: how much of something an account may have in a region.
//!
//! API: [GetServiceQuota](https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html),
//! [GetAWSDefaultServiceQuota](https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetAWSDefaultServiceQuota.html).

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_servicequotas::config::Builder;

use super::account::Account;
use super::error::{Error, found};

const SERVICE: &str = "servicequotas";

/// EC2, as Service Quotas calls it.
const EC2: &str = "ec2";

/// How long an answer may take, and how often it is asked for: nothing depends on it, and not every network has a way
/// to this service.
const LIMIT: Duration = Duration::from_secs(10);
const TRIES: u32 = 2;
const PAUSE: Duration = Duration::from_millis(200);

impl Account {
    /// The value of a quota of EC2: that of the account, else the one that AWS gives to all. Nothing if the region has
    /// no such quota.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn quota_of_ec2(&self, code: &str) -> Result<Option<f64>, Error> {
        let client = &self.services().service_quotas;
        let asked = client.get_service_quota().service_code(EC2).quota_code(code);
        let sent = asked.customize().config_override(briefly()).send();
        let own = found(self.run(&self.call(SERVICE, "GetServiceQuota"), sent).await)?;
        if let Some(own) = own {
            return Ok(own.quota.and_then(|quota| quota.value));
        }
        let asked = client.get_aws_default_service_quota();
        let asked = asked.service_code(EC2).quota_code(code);
        let sent = asked.customize().config_override(briefly()).send();
        let call = self.call(SERVICE, "GetAWSDefaultServiceQuota");
        let of_all = found(self.run(&call, sent).await)?;
        Ok(of_all.and_then(|of_all| of_all.quota?.value))
    }
}

fn briefly() -> Builder {
    let retries = RetryConfig::standard().with_max_attempts(TRIES);
    Builder::new()
        .retry_config(retries.with_initial_backoff(PAUSE))
        .timeout_config(TimeoutConfig::builder().operation_timeout(LIMIT).build())
}

#[cfg(test)]
mod tests {
    use crate::aws::testing::{Answer, Peer};

    const CODE: &str = "L-1216C47A";
    const NONE: Answer = Answer::Said(400, "{\"__type\": \"NoSuchResourceException\"}");

    #[tokio::test]
    async fn where_an_account_has_no_value_of_its_own_that_of_all_counts() {
        let own = Answer::Said(200, "{\"Quota\": {\"Value\": 64.0}}");
        let of_all = Answer::Said(200, "{\"Quota\": {\"Value\": 5.0}}");
        for (answers, value) in [
            (vec![own], Some(64.0)),
            (vec![NONE, of_all], Some(5.0)),
            (vec![NONE, NONE], None),
        ] {
            let calls = answers.len();
            let (account, peer) = Peer::account(answers);
            assert_eq!(account.quota_of_ec2(CODE).await.unwrap(), value);
            assert_eq!(peer.asked().len(), calls);
        }
    }

    #[tokio::test]
    async fn a_service_that_cannot_be_reached_is_soon_given_up() {
        let (account, peer) = Peer::account([Answer::Unreachable, Answer::Unreachable]);
        account.quota_of_ec2(CODE).await.unwrap_err();
        assert_eq!(peer.asked().len(), 2);
    }
}
