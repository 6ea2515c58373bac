//! An account: what a test has to itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::eks::Eks;
use super::faults::{Fault, is_look};
use super::{Running, Scene, hold};

/// Where things are unless somebody says otherwise.
pub const REGION: &str = "eu-west-2";

/// Between two looks at what has come.
const LOOKS: Duration = Duration::from_millis(20);

/// A request that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Service and operation by botocore's names, such as `ec2:CreateVpc`.
    pub action: String,
    /// Its parameters by botocore's names, without secrets.
    pub parameters: Value,
    /// Where.
    pub region: String,
    /// The user or the role that made it.
    pub principal: String,
    /// Whether it met a fault.
    pub failed: bool,
}

impl Call {
    /// Whether it changes something.
    pub fn is_change(&self) -> bool {
        !is_look(&self.action)
    }
}

/// An error that a service answers.
#[derive(Clone, Debug, Deserialize, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// Such as `VpcLimitExceeded`.
    #[serde(rename = "Code")]
    pub code: String,
    /// What is said to people.
    #[serde(rename = "Message", default)]
    pub message: String,
    /// The status of the answer.
    #[serde(rename = "Status")]
    pub status: u16,
}

/// An account of its own, with a user who may do everything. A test that broke the contract of a service in it fails
/// when it is dropped.
#[derive(Debug)]
pub struct Account {
    id: String,
    session: Session,
}

/// Somebody in an account: its user, or who was given credentials.
#[derive(Clone, Debug)]
pub struct Session {
    running: Arc<Running>,
    keys: Keys,
}

#[derive(Clone, Debug, Deserialize)]
struct Keys {
    #[serde(alias = "AccessKeyId")]
    access_key: String,
    #[serde(alias = "SecretAccessKey")]
    secret_key: String,
    #[serde(alias = "SessionToken")]
    session_token: Option<String>,
}

#[derive(Deserialize)]
struct Called {
    answer: Option<Value>,
    error: Option<ServiceError>,
}

impl Account {
    pub(super) async fn open(running: Arc<Running>, id: String) -> Result<Self> {
        let asked = json!({"account": id, "user": "cht"});
        let keys: Keys = running.ask("account", asked).await?;
        let session = Session { running, keys };
        Ok(Self { id, session })
    }

    /// Its number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The user's access key.
    pub fn access_key(&self) -> &str {
        &self.session.keys.access_key
    }

    /// The secret of that key.
    pub fn secret_key(&self) -> &str {
        &self.session.keys.secret_key
    }

    /// The user's ARN.
    pub fn user_arn(&self) -> String {
        format!("arn:aws:iam::{}:user/cht", self.id)
    }

    /// The user.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What a program needs in its environment to be the user; see [`Session::environment`].
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.session.environment()
    }

    /// How EKS behaves in this account.
    pub fn eks(&self) -> Eks<'_> {
        Eks::new(&self.session.running, &self.id, REGION)
    }

    /// Calls an operation as the user; see [`Session::call`].
    ///
    /// # Errors
    /// What the service answers is a [`ServiceError`].
    pub async fn call(&self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        self.session.call(service, operation, parameters).await
    }

    /// Who has these credentials, as `AssumeRole` answers them.
    ///
    /// # Errors
    /// If they are none.
    pub fn acting_as(&self, credentials: &Value) -> Result<Session> {
        let keys = Keys::deserialize(credentials).context("these are no credentials")?;
        let running = Arc::clone(&self.session.running);
        Ok(Session { running, keys })
    }

    /// What there is in the account that was not there when it was opened: names by their kinds, such as `vpc`. Boto3
    /// is asked, which knows nothing of the provider; nobody else notices.
    ///
    /// # Errors
    /// If a service does not answer.
    pub async fn left(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let asked = json!({"connection": self.session.connection(REGION)});
        self.session.running.ask("left", asked).await
    }

    /// The requests that were made, in their order.
    pub fn calls(&self) -> Vec<Call> {
        self.with(|scene| scene.calls.clone())
    }

    /// What these requests did, such as `ec2:CreateVpc`.
    pub fn actions(&self) -> Vec<String> {
        self.with(|scene| scene.calls.iter().map(|call| call.action.clone()).collect())
    }

    /// Forgets the requests so far.
    pub fn forget_calls(&self) {
        self.with(|scene| scene.calls.clear());
    }

    /// Lets calls of an action go wrong: `ec2:CreateVpc`, all of `ec2:*`, `*`, or those that are
    /// [`CHANGES`](super::CHANGES).
    pub fn fault(&self, action: &str, fault: Fault) {
        self.with(|scene| scene.script.add(action, fault));
    }

    /// Lets everything pass again, and answers how many calls went wrong since the last time. That it were as many as
    /// were meant to is for the test to assert.
    pub fn clear_faults(&self) -> u32 {
        self.with(|scene| scene.script.clear())
    }

    /// Waits until a call has come that [hangs](Fault::hang), or one was carried out whose answer is
    /// [withheld](Fault::withheld).
    pub async fn stopped(&self) {
        while !self.with(|scene| scene.script.is_stopped()) {
            tokio::time::sleep(LOOKS).await;
        }
    }

    /// From now on calls of an action are carried out after this time.
    pub fn delay(&self, action: &str, delay: Duration) {
        self.with(|scene| scene.script.delay(action, delay));
    }

    /// Lets NAT gateways take this time from now on, to come and to go, also those that are on their way. Without this
    /// it takes no time.
    ///
    /// # Errors
    /// If moto has ended.
    pub async fn nat_gateways_take(&self, time: Duration) -> Result<()> {
        let asked = json!({"account": self.id, "seconds": time.as_secs_f64()});
        self.session.running.ask("pace", asked).await
    }

    /// Lets Auto Scaling tell of launches that failed, with these words.
    pub fn launches_fail(&self, why: &str) {
        self.with(|scene| scene.launch_failures.push(why.to_owned()));
    }

    /// Gives a quota of EC2 another value, by its code, such as `L-1216C47A`. Without this each is large enough for
    /// everything. Machines are launched all the same.
    pub fn quota(&self, code: &str, value: u32) {
        self.with(|scene| scene.quotas.set(code, value));
    }

    /// How the contract of a service was broken since the last time. Who takes it has seen it: the test does not fail.
    pub fn take_violations(&self) -> Vec<String> {
        self.with(|scene| std::mem::take(&mut scene.violations))
    }

    /// Fails if a contract was broken.
    ///
    /// # Errors
    /// With every violation.
    pub fn check(&self) -> Result<()> {
        match self.take_violations() {
            violations if violations.is_empty() => Ok(()),
            violations => bail!("AWS would not understand this:\n{}", violations.join("\n")),
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Scene) -> T) -> T {
        self.session.running.shared().with(&self.id, look)
    }
}

impl Session {
    /// What a program needs in its environment to be this caller: all endpoints lead to the lab, and nothing else is
    /// looked for.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("AWS_ACCESS_KEY_ID", self.keys.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.keys.secret_key.clone()),
            ("AWS_ENDPOINT_URL", self.running.url().to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ];
        let token = self.keys.session_token.clone();
        variables.extend(token.map(|token| ("AWS_SESSION_TOKEN", token)));
        variables
    }

    /// Calls an operation with boto3, once, by botocore's names, such as `ec2` and `CreateVpc`.
    ///
    /// # Errors
    /// What the service answers is a [`ServiceError`].
    pub async fn call(&self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        self.call_in(REGION, service, operation, parameters).await
    }

    /// The same in another region.
    ///
    /// # Errors
    /// What the service answers is a [`ServiceError`].
    pub async fn call_in(&self, region: &str, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        self.call_over(self.connection(region), service, operation, parameters)
            .await
    }

    /// Calls an operation for a part of AWS that the lab plays: nobody else notices, and no fault meets it.
    pub(super) async fn call_unseen(&self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        let mut connection = self.connection(REGION);
        connection["observer"] = json!(true);
        self.call_over(connection, service, operation, parameters).await
    }

    async fn call_over(&self, connection: Value, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        let asked = json!({
            "service": service, "operation": operation, "parameters": parameters, "connection": connection,
        });
        let called: Called = self.running.ask("call", asked).await?;
        match called.error {
            Some(error) => Err(error.into()),
            None => called.answer.context("no answer"),
        }
    }

    /// A token for a cluster of EKS, as botocore makes it.
    ///
    /// # Errors
    /// If moto has ended.
    pub async fn eks_token(&self, cluster: &str) -> Result<String> {
        let asked = json!({"cluster": cluster, "connection": self.connection(REGION)});
        self.running.ask("token", asked).await
    }

    fn connection(&self, region: &str) -> Value {
        json!({
            "endpoint": self.running.url(), "region": region, "access_key": self.keys.access_key,
            "secret_key": self.keys.secret_key, "session_token": self.keys.session_token,
        })
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        hold(self.check());
    }
}
