//! How the application is asked and upgraded, as attributes.

use std::time::Duration;

use tf_framework::Model;
use tf_framework::custom_types::Text;
use tf_framework::schema::Validator;

/// The public address by which the provider asks the application.
#[derive(Clone, Model)]
pub struct ApiAccess {
    /// The address, such as `https://kisumu.health.example`. It has to lead to the instance before its creation can
    /// end.
    #[tf(validate(Validator::url(["https"])))]
    pub url: String,
    /// Certificates of the authorities that signed the certificate of `url`, in PEM. Without it, the authorities that
    /// the operating system trusts count.
    #[tf(validate(Validator::pem_certificates()))]
    pub ca_certificate: Option<String>,
}

/// How a change of `cht_version` is carried out.
#[derive(Clone, Default, Model)]
pub struct Upgrade {
    /// `staged` lets the running version fetch the new one and index the data for it first, so that users are
    /// interrupted for minutes only; the API's pod must reach `builds_url`. `direct` exchanges the images at once, and
    /// CHT serves nobody until it has indexed the data. Default: `staged`.
    #[tf(validate(Validator::one_of(["staged", "direct"])))]
    pub mode: Option<String>,
    /// Whether an upgrade is refused, and not only warned of, when the volumes may be too small for it: when less of
    /// them is free than five times what the databases use, as CHT's documentation asks. Where that cannot be told,
    /// nothing is refused. Default: `false`.
    pub require_disk_headroom: Option<bool>,
    /// How long data may be indexed for a new version, such as `48h`; it counts within `timeouts.update`. What was
    /// begun goes on after that, and the next apply waits for it again. Default: `24h`.
    pub timeout: Option<Text<Duration>>,
}
