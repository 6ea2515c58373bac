//! What the messages of all calls have to show to those who debug: see [`dumps`](crate::server::dumps).

use tfplugin::tfplugin6 as proto;

use crate::server::dumps::{Data, Payload};

/// The parts of each message: values by the name that they have in dumps, then what is kept beside a state.
macro_rules! payloads {
    ($($rpc:ident :: $message:ident {
        $($value:ident: $value_name:literal),* $(; $private:ident: $private_name:literal)?
    })+) => {
        $(impl Payload for proto::$rpc::$message {
            const MESSAGE: &'static str = stringify!($message);

            fn data(&self) -> Vec<(String, Data<'_>)> {
                vec![
                    $(($value_name.to_owned(), Data::Value(self.$value.as_ref())),)*
                    $(($private_name.to_owned(), Data::Private(&self.$private)),)?
                ]
            }
        })+
    };
}

payloads! {
    apply_resource_change::Request {
        config: "Config", planned_state: "PlannedState", prior_state: "PriorState", provider_meta: "ProviderMeta";
        planned_private: "PlannedPrivate"
    }
    apply_resource_change::Response { new_state: "NewState"; private: "Private" }
    close_ephemeral_resource::Response {}
    configure_provider::Request { config: "Config" }
    configure_provider::Response {}
    generate_resource_config::Request { state: "State" }
    generate_resource_config::Response { config: "Config" }
    get_functions::Response {}
    get_metadata::Response {}
    get_provider_schema::Response {}
    get_resource_identity_schemas::Response {}
    move_resource_state::Response { target_state: "TargetState"; target_private: "TargetPrivate" }
    open_ephemeral_resource::Request { config: "Config" }
    open_ephemeral_resource::Response { result: "Result" }
    plan_resource_change::Request {
        config: "Config", prior_state: "PriorState", proposed_new_state: "ProposedNewState",
        provider_meta: "ProviderMeta";
        prior_private: "PriorPrivate"
    }
    plan_resource_change::Response { planned_state: "PlannedState"; planned_private: "PlannedPrivate" }
    read_data_source::Request { config: "Config", provider_meta: "ProviderMeta" }
    read_data_source::Response { state: "State" }
    read_resource::Request { current_state: "CurrentState", provider_meta: "ProviderMeta"; private: "Private" }
    read_resource::Response { new_state: "NewState"; private: "Private" }
    renew_ephemeral_resource::Response {}
    upgrade_resource_identity::Response {}
    upgrade_resource_state::Response { upgraded_state: "UpgradedState" }
    validate_data_resource_config::Request { config: "Config" }
    validate_data_resource_config::Response {}
    validate_ephemeral_resource_config::Request { config: "Config" }
    validate_ephemeral_resource_config::Response {}
    validate_provider_config::Request { config: "Config" }
    validate_provider_config::Response {}
    validate_resource_config::Request { config: "Config" }
    validate_resource_config::Response {}
}

impl Payload for proto::import_resource_state::Response {
    const MESSAGE: &'static str = "Response_ImportedResource";

    fn data(&self) -> Vec<(String, Data<'_>)> {
        let parts = self.imported_resources.iter().flat_map(|imported| {
            [
                ("State".to_owned(), Data::Value(imported.state.as_ref())),
                ("Private".to_owned(), Data::Private(&imported.private)),
            ]
        });
        parts.collect()
    }
}

impl Payload for proto::call_function::Request {
    const MESSAGE: &'static str = "Request";

    fn data(&self) -> Vec<(String, Data<'_>)> {
        let arguments = self.arguments.iter().enumerate();
        arguments
            .map(|(position, argument)| (format!("Arguments_{position}"), Data::Value(Some(argument))))
            .collect()
    }
}

impl Payload for proto::call_function::Response {
    const MESSAGE: &'static str = "Response";

    fn data(&self) -> Vec<(String, Data<'_>)> {
        vec![("Result".to_owned(), Data::Value(self.result.as_ref()))]
    }
}
