//! What users want to see: a level for each part of the program, from the environment.

use tracing::Metadata;
use tracing_subscriber::filter::LevelFilter;

/// This crate's events, which are always among the provider's own.
const FRAMEWORK: &str = "tf_framework";

/// Those among them that are about the protocol.
const PROTOCOL: [&str; 2] = ["tf_framework::server", "tf_framework::wire"];

/// The levels of all parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Levels {
    provider: LevelFilter,
    framework: LevelFilter,
    protocol: LevelFilter,
}

impl Levels {
    /// The levels that the variables ask for. Without any only errors are logged, as the core would drop the rest.
    ///
    /// For the provider it is the first that is set of `TF_LOG_PROVIDER_<NAME>`, `TF_LOG_PROVIDER` and `TF_LOG`. The
    /// framework follows it unless `TF_LOG_SDK` is set, and the protocol follows the framework unless
    /// `TF_LOG_SDK_PROTO` is.
    pub(super) fn read(provider_address: &str, lookup: impl Fn(&str) -> Option<String>) -> Self {
        let name = provider_address
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_uppercase()
            .replace('-', "_");
        let asked = |variable: &str| lookup(variable).filter(|value| !value.is_empty()).map(level);
        let provider = asked(&format!("TF_LOG_PROVIDER_{name}"))
            .or_else(|| asked("TF_LOG_PROVIDER"))
            .or_else(|| asked("TF_LOG"))
            .unwrap_or(LevelFilter::ERROR);
        let framework = asked("TF_LOG_SDK").unwrap_or(provider);
        let protocol = asked("TF_LOG_SDK_PROTO").unwrap_or(framework);
        Levels {
            provider,
            framework,
            protocol,
        }
    }

    /// Whether an event is logged. So are the provider's spans in any case, as their fields belong on every line.
    ///
    /// `log_targets` are those of [`ServeOptions`](crate::server::ServeOptions).
    pub(super) fn allow(&self, metadata: &Metadata<'_>, log_targets: &[&str]) -> bool {
        let is_in = |parts: &[&str]| parts.iter().any(|part| is_within(metadata.target(), part));
        let is_own = is_in(&[FRAMEWORK]) || is_in(log_targets);
        let level = if is_in(&PROTOCOL) {
            self.protocol
        } else if is_in(&[FRAMEWORK]) {
            self.framework
        } else if is_own {
            self.provider
        } else {
            self.provider.min(LevelFilter::WARN)
        };
        (is_own && metadata.is_span()) || *metadata.level() <= level
    }

    #[cfg(test)]
    pub(super) fn all(level: LevelFilter) -> Self {
        Levels {
            provider: level,
            framework: level,
            protocol: level,
        }
    }
}

fn level(text: String) -> LevelFilter {
    match text.to_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        // TRACE, JSON, and whatever else: cores read an unknown level as TRACE too.
        _ => LevelFilter::TRACE,
    }
}

/// Whether `target` is the crate or module `path`, or lies in it.
fn is_within(target: &str, path: &str) -> bool {
    target
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Levels {
        Levels::read("registry.terraform.io/medic/my-cht", |name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn most_special_variable_decides_the_level() {
        let level = |variables: &[(&str, &str)]| read(variables).provider;
        assert_eq!(level(&[]), LevelFilter::ERROR);
        assert_eq!(level(&[("TF_LOG", "info")]), LevelFilter::INFO);
        assert_eq!(level(&[("TF_LOG", "JSON")]), LevelFilter::TRACE);
        assert_eq!(
            level(&[("TF_LOG", "DEBUG"), ("TF_LOG_PROVIDER", "WARN")]),
            LevelFilter::WARN
        );
        assert_eq!(
            level(&[("TF_LOG_PROVIDER", "WARN"), ("TF_LOG_PROVIDER_MY_CHT", "off")]),
            LevelFilter::OFF
        );
        assert_eq!(
            level(&[("TF_LOG_PROVIDER", ""), ("TF_LOG", "debug")]),
            LevelFilter::DEBUG
        );
    }

    #[test]
    fn framework_and_protocol_follow_the_provider_unless_they_are_named() {
        assert_eq!(read(&[("TF_LOG", "INFO")]), Levels::all(LevelFilter::INFO));
        let levels = |provider, framework, protocol| Levels {
            provider,
            framework,
            protocol,
        };
        assert_eq!(
            read(&[("TF_LOG", "INFO"), ("TF_LOG_SDK", "WARN")]),
            levels(LevelFilter::INFO, LevelFilter::WARN, LevelFilter::WARN)
        );
        assert_eq!(
            read(&[("TF_LOG_SDK_PROTO", "trace")]),
            levels(LevelFilter::ERROR, LevelFilter::ERROR, LevelFilter::TRACE)
        );
        assert_eq!(
            read(&[
                ("TF_LOG_PROVIDER", "TRACE"),
                ("TF_LOG_SDK", "DEBUG"),
                ("TF_LOG_SDK_PROTO", "OFF")
            ]),
            levels(LevelFilter::TRACE, LevelFilter::DEBUG, LevelFilter::OFF)
        );
    }
}
