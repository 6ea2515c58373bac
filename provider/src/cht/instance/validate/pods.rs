//! Rules for the settings of pods.

use std::collections::BTreeMap;

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::model::{Component, InstanceModel, InstanceModelDraft};

/// Checks what concerns more than one attribute of a component.
pub(super) fn validate(config: &InstanceModelDraft, diagnostics: &mut Diagnostics) {
    for (name, component) in [
        (InstanceModel::API, &config.api),
        (InstanceModel::SENTINEL, &config.sentinel),
    ] {
        if let Attr::Known(component) = component {
            validate_env(name, &component.env, &component.env_from_secrets, diagnostics);
        }
    }
    if let Attr::Known(haproxy) = &config.haproxy {
        validate_env(
            InstanceModel::HAPROXY,
            &haproxy.env,
            &haproxy.env_from_secrets,
            diagnostics,
        );
    }
    if let Attr::Known(healthcheck) = &config.healthcheck {
        let name = InstanceModel::HEALTHCHECK;
        validate_env(name, &healthcheck.env, &healthcheck.env_from_secrets, diagnostics);
    }
}

/// A variable has one value.
fn validate_env<A, B>(
    component: &str,
    env: &Attr<BTreeMap<String, A>>,
    env_from_secrets: &Attr<BTreeMap<String, B>>,
    diagnostics: &mut Diagnostics,
) {
    let (Attr::Known(env), Attr::Known(env_from_secrets)) = (env, env_from_secrets) else {
        return;
    };
    for name in env.keys().filter(|name| env_from_secrets.contains_key(*name)) {
        let detail = format!(
            "`{name}` is given in `{}` and in `{}`. Remove one of them.",
            Component::ENV,
            Component::ENV_FROM_SECRETS
        );
        let path = Path::new(component)
            .attribute(Component::ENV_FROM_SECRETS)
            .key(name.clone());
        diagnostics.push(Diagnostic::error("Environment variable is given twice", detail).at(path));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::check;

    #[test]
    fn a_variable_has_a_value_or_a_secret() {
        let secret = json!({"name": "smtp", "key": "password"});
        for component in ["api", "sentinel", "haproxy", "healthcheck"] {
            check(
                json!({component: {"env": {"A": "1"}, "env_from_secrets": {"B": secret}}}),
                &[],
            );
            let path = format!("{component}.env_from_secrets[\"A\"]");
            check(
                json!({component: {"env": {"A": "1"}, "env_from_secrets": {"A": secret}}}),
                &[&path],
            );
        }
    }
}
