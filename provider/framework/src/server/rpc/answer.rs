//! What the answers of all calls have in common: diagnostics.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::wire::to_proto;

/// An answer that can say that the call failed.
pub(super) trait Answer {
    /// An answer with nothing but diagnostics.
    fn failed(diagnostics: Diagnostics) -> Self;

    /// What it says.
    fn diagnostics(&self) -> &[proto::Diagnostic];
}

macro_rules! answers {
    ($($rpc:ident),+ $(,)?) => {
        $(impl Answer for proto::$rpc::Response {
            #[allow(clippy::needless_update, reason = "some answers have nothing but diagnostics")]
            fn failed(diagnostics: Diagnostics) -> Self {
                Self { diagnostics: to_proto::diagnostics(diagnostics), ..Default::default() }
            }

            fn diagnostics(&self) -> &[proto::Diagnostic] {
                &self.diagnostics
            }
        })+
    };
}

answers!(
    apply_resource_change,
    close_ephemeral_resource,
    configure_provider,
    generate_resource_config,
    get_functions,
    get_metadata,
    get_provider_schema,
    get_resource_identity_schemas,
    import_resource_state,
    move_resource_state,
    open_ephemeral_resource,
    plan_resource_change,
    read_data_source,
    read_resource,
    renew_ephemeral_resource,
    upgrade_resource_identity,
    upgrade_resource_state,
    validate_data_resource_config,
    validate_ephemeral_resource_config,
    validate_provider_config,
    validate_resource_config,
);
