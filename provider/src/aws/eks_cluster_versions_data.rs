//! `data.cht_eks_cluster_versions`: the versions of Kubernetes that EKS has, and until when.
//!
//! API: [DescribeClusterVersions](https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html).

use aws_sdk_eks::types::ClusterVersionInformation;
use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use super::diagnostics::explained;
use super::time::date;
use crate::number;
use crate::provider::Clients;

/// Lists the versions of Kubernetes that EKS has in the region, the newest first, and until when each is supported.
///
/// A cluster whose version has left standard support costs about six times as much, until EKS upgrades it by itself at
/// the end of extended support. The list is AWS's own, so it is never out of date.
#[derive(Clone, Model)]
pub struct EksClusterVersionsDataModel {
    /// Whether to list those that are not supported any more, too. Default: false.
    pub include_all: Option<bool>,
    /// The versions, the newest first.
    pub versions: Attr<Vec<ClusterVersion>>,
    /// The version that new clusters get where none is asked for.
    pub default_version: Attr<String>,
    /// The newest version.
    pub latest_version: Attr<String>,
}

/// A version of Kubernetes in EKS.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct ClusterVersion {
    /// The version, such as `1.35`.
    pub version: String,
    /// How it is supported: `STANDARD_SUPPORT`, `EXTENDED_SUPPORT` or `UNSUPPORTED`.
    pub status: Option<String>,
    /// Day on which EKS got it.
    pub release_date: Option<String>,
    /// Day on which its standard support ends.
    pub end_of_standard_support_date: Option<String>,
    /// Day on which its extended support ends, and clusters are upgraded by force.
    pub end_of_extended_support_date: Option<String>,
    /// The release of Kubernetes that it is, such as `1.35.3`.
    pub kubernetes_patch_version: Option<String>,
}

/// Lists versions.
#[derive(Debug)]
pub struct EksClusterVersionsDataSource;

impl DataSource for EksClusterVersionsDataSource {
    type Model = EksClusterVersionsDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_eks_cluster_versions";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        config: EksClusterVersionsDataModel,
    ) -> Result<EksClusterVersionsDataModel, Diagnostics> {
        let account = Clients::aws(scope).await?;
        let found = account.cluster_versions(config.include_all.unwrap_or_default()).await;
        let found = found.map_err(explained("Unable to list the versions of EKS"))?;
        Ok(listed(config.include_all, &found))
    }
}

fn listed(include_all: Option<bool>, found: &[ClusterVersionInformation]) -> EksClusterVersionsDataModel {
    let default = found.iter().find(|version| version.default_version());
    let default = default.and_then(|version| version.cluster_version()).map(str::to_owned);
    let mut versions: Vec<ClusterVersion> = found.iter().filter_map(version).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(parts(&version.version)));
    let latest = versions.first().map(|version| version.version.clone());
    EksClusterVersionsDataModel {
        include_all,
        versions: Attr::Known(versions),
        default_version: known_or_null(default),
        latest_version: known_or_null(latest),
    }
}

fn version(found: &ClusterVersionInformation) -> Option<ClusterVersion> {
    Some(ClusterVersion {
        version: found.cluster_version()?.to_owned(),
        status: found.version_status().map(|status| status.as_str().to_owned()),
        release_date: found.release_date().and_then(date),
        end_of_standard_support_date: found.end_of_standard_support_date().and_then(date),
        end_of_extended_support_date: found.end_of_extended_support_date().and_then(date),
        kubernetes_patch_version: found.kubernetes_patch_version().map(str::to_owned),
    })
}

/// The numbers of a version: `1.9` is older than `1.10`.
fn parts(version: &str) -> Vec<u32> {
    version.split('.').filter_map(number::canonical).collect()
}

fn known_or_null(value: Option<String>) -> Attr<String> {
    value.map_or(Attr::Null, Attr::Known)
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::VersionStatus;

    use super::*;

    fn information(version: &str, status: VersionStatus, default: bool) -> ClusterVersionInformation {
        ClusterVersionInformation::builder()
            .cluster_version(version)
            .version_status(status)
            .default_version(default)
            .build()
    }

    #[test]
    fn the_newest_version_is_the_first_by_its_numbers() {
        let found = [
            information("1.9", VersionStatus::ExtendedSupport, false),
            information("1.36", VersionStatus::StandardSupport, false),
            information("1.10", VersionStatus::ExtendedSupport, false),
            information("1.35", VersionStatus::StandardSupport, true),
        ];
        let listed = listed(None, &found);
        let versions: Vec<String> = listed
            .versions
            .into_known()
            .unwrap()
            .into_iter()
            .map(|version| version.version)
            .collect();
        assert_eq!(versions, ["1.36", "1.35", "1.10", "1.9"]);
        let known = |attr: Attr<String>| attr.into_known();
        assert_eq!(known(listed.default_version).as_deref(), Some("1.35"));
        assert_eq!(known(listed.latest_version).as_deref(), Some("1.36"));
    }
}
