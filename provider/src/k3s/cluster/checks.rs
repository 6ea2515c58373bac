//! What the attributes of `cht_k3s_cluster` accept, each by itself.

use tf_framework::schema::Validator;

/// The parts of a schedule of cron: minute, hour, day, month and day of the week.
const CRON_PARTS: usize = 5;

/// Arguments of the programs on servers that follow from attributes, each with what to do instead.
pub(super) const MANAGED_BY_CLUSTER: [(&str, &str); 5] = [
    ("service-cluster-ip-range", "set `service_cidr`"),
    ("cluster-cidr", "set `cluster_cidr`"),
    ("encryption-provider-config", "set `secrets_encryption`"),
    ("etcd-servers", "set `datastore`"),
    ("secure-port", "set `https_listen_port`"),
];

/// A component of k3s that can be left out.
pub(super) fn component() -> Validator {
    Validator::one_of([
        "coredns",
        "local-storage",
        "metrics-server",
        "runtimes",
        "servicelb",
        "traefik",
    ])
}

/// When something is done, as for cron.
pub(super) fn schedule() -> Validator {
    Validator::string("a schedule of cron such as `0 */12 * * *`", |text| {
        const NAMES: [&str; 6] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@hourly"];
        let is_part = |part: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "*/,-?".contains(c);
            part.chars().all(allowed)
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let is_plain = parts.len() == CRON_PARTS && parts.into_iter().all(is_part);
        if is_plain || NAMES.contains(&text) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a schedule: write minute, hour, day of the month, month and day of the week, such as `0 */12 * * *`."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_have_five_parts_or_a_name() {
        let rule = schedule();
        for text in ["0 */12 * * *", "5,35 1-5 * * mon", "@daily"] {
            assert_eq!(rule.check(&text.into()), Ok(()), "{text}");
        }
        for text in ["", "daily", "0 * * *", "0 0 0 * * *", "a;b * * * *"] {
            assert!(rule.check(&text.into()).is_err(), "{text:?}");
        }
    }
}
