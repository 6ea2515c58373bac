//! The names of what is logged with every line: those that providers written in Go use, so that one search finds all.

/// The provider's address in registries.
pub(crate) const PROVIDER_ADDRESS: &str = "tf_provider_addr";
/// The version of the plugin protocol.
pub(crate) const PROTOCOL_VERSION: &str = "tf_proto_version";
/// The call.
pub(crate) const RPC: &str = "tf_rpc";
/// An id that the lines of one call have in common.
pub(crate) const REQUEST_ID: &str = "tf_req_id";
/// The type of the resource that the call is about.
pub(crate) const RESOURCE_TYPE: &str = "tf_resource_type";
/// The type of the data source that the call is about.
pub(crate) const DATA_SOURCE_TYPE: &str = "tf_data_source_type";
/// The type of the ephemeral resource that the call is about.
pub(crate) const EPHEMERAL_RESOURCE_TYPE: &str = "tf_ephemeral_resource_type";
/// The function that is called.
pub(crate) const FUNCTION_NAME: &str = "tf_function_name";
/// The position of the argument that a function blames.
pub(crate) const FUNCTION_ERROR_ARGUMENT: &str = "function_error_argument";
/// How long the call took.
pub(crate) const REQUEST_DURATION: &str = "tf_req_duration_ms";
/// How many errors the answer has.
pub(crate) const ERROR_COUNT: &str = "diagnostic_error_count";
/// How many warnings the answer has.
pub(crate) const WARNING_COUNT: &str = "diagnostic_warning_count";
/// What went wrong, without values.
pub(crate) const DIAGNOSTIC_SUMMARY: &str = "diagnostic_summary";
