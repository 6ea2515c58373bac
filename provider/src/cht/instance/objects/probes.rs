//! Probes. The official charts have none; these restart what hangs, and are patient while something starts.

use k8s_openapi::api::core::v1::{HTTPGetAction, HTTPHeader, Probe, TCPSocketAction};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::cht::instance::spec::InstanceSpec;

const STARTUP_PERIOD_SECONDS: u32 = 10;

/// The port accepts connections.
pub(super) fn tcp(port: i32) -> Probe {
    let socket = TCPSocketAction {
        port: IntOrString::Int(port),
        host: None,
    };
    Probe {
        tcp_socket: Some(socket),
        ..Probe::default()
    }
}

/// The path answers with success. The API answers everything with a progress page and 200 while it starts, unless
/// JSON is asked for.
pub(super) fn http_json(path: &str, port: i32) -> Probe {
    let accept = HTTPHeader {
        name: "Accept".to_owned(),
        value: "application/json".to_owned(),
    };
    let get = HTTPGetAction {
        path: Some(path.to_owned()),
        port: IntOrString::Int(port),
        http_headers: Some(vec![accept]),
        ..HTTPGetAction::default()
    };
    Probe {
        http_get: Some(get),
        ..Probe::default()
    }
}

/// Until this succeeds the other probes do not run.
pub(super) fn startup(spec: &InstanceSpec, probe: Probe) -> Option<Probe> {
    let threshold = spec
        .probes
        .startup_timeout_seconds
        .div_ceil(STARTUP_PERIOD_SECONDS)
        .max(1);
    timed(spec, probe, STARTUP_PERIOD_SECONDS, threshold)
}

/// When this fails for three minutes the container is restarted.
pub(super) fn liveness(spec: &InstanceSpec, probe: Probe) -> Option<Probe> {
    timed(spec, probe, 30, 6)
}

/// While this fails the pod is not in its Service.
pub(super) fn readiness(spec: &InstanceSpec, probe: Probe) -> Option<Probe> {
    timed(spec, probe, 5, 3)
}

fn timed(spec: &InstanceSpec, probe: Probe, period_seconds: u32, failure_threshold: u32) -> Option<Probe> {
    spec.probes.enabled.then(|| Probe {
        period_seconds: i32::try_from(period_seconds).ok(),
        timeout_seconds: Some(5),
        failure_threshold: i32::try_from(failure_threshold).ok(),
        ..probe
    })
}
