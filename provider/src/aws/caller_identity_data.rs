//! `data.cht_aws_caller_identity`: who the provider is in AWS.
//!
//! API: [GetCallerIdentity](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html), which needs
//! no permission.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use super::diagnostics::explained;
use crate::provider::Clients;

/// Tells who the provider is in AWS: the account, and the user or the session of a role that its `aws` leads to.
///
/// It needs no permission, so it is the first thing to try.
#[derive(Clone, Model)]
pub struct CallerIdentityDataModel {
    /// Id of the account: 12 digits.
    pub account_id: Attr<String>,
    /// ARN of the user or the session of a role. A session is `…:assumed-role/NAME/SESSION`; the role itself, which
    /// access entries of EKS name, is `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
    pub arn: Attr<String>,
    /// Unique id of the user, or of the role and the session.
    pub user_id: Attr<String>,
    /// Region that the provider works in.
    pub region: Attr<String>,
}

/// Tells who calls.
#[derive(Debug)]
pub struct CallerIdentityDataSource;

impl DataSource for CallerIdentityDataSource {
    type Model = CallerIdentityDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_aws_caller_identity";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        _: CallerIdentityDataModel,
    ) -> Result<CallerIdentityDataModel, Diagnostics> {
        let account = Clients::aws(scope).await?;
        let identity = account.identity().await;
        let identity = identity.map_err(explained("Unable to ask AWS who calls"))?.clone();
        Ok(CallerIdentityDataModel {
            account_id: Attr::Known(identity.account_id),
            arn: Attr::Known(identity.arn),
            user_id: Attr::Known(identity.user_id),
            region: Attr::Known(account.region().to_owned()),
        })
    }
}
