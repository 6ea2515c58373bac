//! `provider::cht::sizing`: the hardware that an instance needs, by the rules of the CHT's documentation.
//!
//! The rules are those of [hosting costs](https://docs.communityhealthtoolkit.org/hosting/cht/costs/), the least is
//! what the [requirements](https://docs.communityhealthtoolkit.org/hosting/cht/requirements/) ask of any server in
//! production.

use tf_framework::function::{Function, FunctionError};
use tf_framework::schema::Validator;
use tf_framework::{Model, Parameters};

/// How many users one CPU serves.
const USERS_PER_CPU: u64 = 288;
/// How much memory goes with one CPU, in GB.
const MEMORY_PER_CPU: u64 = 2;
/// How many documents take one GB.
const DOCS_PER_GB: u64 = 186_089;
/// How many times that is needed: indexes, and the new ones beside the old while CHT is upgraded.
const HEADROOM: u64 = 5;
/// What is needed without any documents, in GB.
const BASE_STORAGE: u64 = 50;

/// The least in production: CPUs, and GB of storage. Memory follows from the CPUs.
const LEAST_CPU: u64 = 4;
const LEAST_STORAGE: u64 = 100;

/// How many documents a user can replicate before CHT warns.
const DOCS_PER_USER: u64 = 10_000;

/// Tells the hardware that an instance needs, by the rules of the CHT's documentation.
///
/// The numbers are for the whole instance: divide CPU and memory among CouchDB, the API and the others. They are where
/// to start: measure, and change them.
#[derive(Parameters)]
pub struct SizingFunction {
    /// How many users the instance has.
    #[tf(validate(Validator::between(0..=10_000_000)))]
    users: i64,
    /// How many documents are in its database: contacts, reports and tasks, after the years for which the volume shall
    /// do.
    #[tf(validate(Validator::between(0..=100_000_000_000)))]
    docs: i64,
}

/// What an instance needs.
#[derive(Debug, PartialEq, Eq, Model)]
pub struct Sizing {
    /// CPUs, as a quantity.
    pub cpu: String,
    /// Memory, as a quantity.
    pub memory: String,
    /// Size of the data volume, as a quantity.
    pub storage: String,
    /// What the numbers stand on: one sentence for each rule that was used.
    pub basis: Vec<String>,
}

impl Function for SizingFunction {
    type Output = Sizing;

    const NAME: &'static str = "sizing";

    fn call(self) -> Result<Sizing, FunctionError> {
        let refuse = |what: &str| FunctionError::new(format!("There cannot be fewer {what} than none."));
        let users = u64::try_from(self.users).map_err(|_| refuse("users").at(Self::USERS))?;
        let docs = u64::try_from(self.docs).map_err(|_| refuse("documents").at(Self::DOCS))?;
        if users == 0 && docs > 0 {
            let text = format!("{docs} documents belong to somebody: say how many users there are.");
            return Err(FunctionError::new(text).at(Self::USERS));
        }
        Ok(Sizing::of(users, docs))
    }
}

impl Sizing {
    fn of(users: u64, docs: u64) -> Self {
        let mut basis = Vec::new();
        let cpus = Rule {
            text: format!("1 CPU for {USERS_PER_CPU} users"),
            least: LEAST_CPU,
            unit: "CPUs",
        };
        let cpu = cpus.apply(users.div_ceil(USERS_PER_CPU), &mut basis);
        basis.push(format!("{MEMORY_PER_CPU} GB of memory for each CPU."));
        let gigabytes = Rule {
            text: format!(
                "1 GB for {DOCS_PER_GB} documents, {HEADROOM} times for indexes and upgrades, and {BASE_STORAGE} GB more"
            ),
            least: LEAST_STORAGE,
            unit: "GB of storage",
        };
        let storage = gigabytes.apply((docs * HEADROOM).div_ceil(DOCS_PER_GB) + BASE_STORAGE, &mut basis);
        if docs > users.saturating_mul(DOCS_PER_USER) {
            basis.push(format!(
                "More than {DOCS_PER_USER} documents for each user: if they are not purged, phones are slow to synchronize, \
                 whatever the hardware."
            ));
        }
        Sizing {
            cpu: cpu.to_string(),
            memory: format!("{}Gi", cpu * MEMORY_PER_CPU),
            storage: format!("{storage}Gi"),
            basis,
        }
    }
}

/// How much of something there has to be.
struct Rule {
    text: String,
    /// The least in production.
    least: u64,
    unit: &'static str,
}

impl Rule {
    /// What the rule results in, or the least in production if that is more; `basis` gets the sentence that says which
    /// it was.
    fn apply(&self, needed: u64, basis: &mut Vec<String>) -> u64 {
        let Rule { text, least, unit } = self;
        basis.push(if needed < *least {
            format!("At least {least} {unit} in production ({text} would make {needed}).")
        } else {
            format!("{text}.")
        });
        needed.max(*least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(users: i64, docs: i64) -> Result<Sizing, FunctionError> {
        SizingFunction { users, docs }.call()
    }

    fn numbers(users: i64, docs: i64) -> [String; 3] {
        let sizing = call(users, docs).expect("it can be told");
        [sizing.cpu, sizing.memory, sizing.storage]
    }

    #[test]
    fn the_rules_of_the_documentation_decide_and_nothing_is_below_what_production_needs() {
        for (users, docs, expected) in [
            (0, 0, ["4", "8Gi", "100Gi"]),
            (1152, 1_860_890, ["4", "8Gi", "100Gi"]),
            (1153, 1_860_891, ["5", "10Gi", "101Gi"]),
            (10_000, 18_608_900, ["35", "70Gi", "550Gi"]),
            (10_000_000, 100_000_000_000, ["34723", "69446Gi", "2686937Gi"]),
        ] {
            assert_eq!(numbers(users, docs), expected, "{users} users, {docs} documents");
        }
    }

    #[test]
    fn the_basis_says_which_rule_decided() {
        let small = call(100, 1000).expect("it can be told").basis;
        assert_eq!(
            small,
            [
                "At least 4 CPUs in production (1 CPU for 288 users would make 1).",
                "2 GB of memory for each CPU.",
                "At least 100 GB of storage in production (1 GB for 186089 documents, 5 times for indexes and upgrades, and 50 \
                 GB more would make 51).",
            ]
        );
        let large = call(2000, 40_000_000).expect("it can be told").basis;
        assert_eq!(large[0], "1 CPU for 288 users.");
        assert!(
            large[3].starts_with("More than 10000 documents for each user"),
            "{large:?}"
        );
    }

    #[test]
    fn what_cannot_be_is_refused_at_its_argument() {
        let blamed = |users, docs| call(users, docs).expect_err("it is refused").argument();
        assert_eq!(blamed(-1, 0), Some(SizingFunction::USERS));
        assert_eq!(blamed(1, -1), Some(SizingFunction::DOCS));
        assert_eq!(blamed(0, 1), Some(SizingFunction::USERS));
    }
}
