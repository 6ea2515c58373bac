//! The quotas that EC2 holds machines to: each counts the vCPUs of some families of types, of On-Demand and of spot
//! machines apart.
//!
//! Names and codes are those of AWS's
//! [page of quotas](https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html). What they count is
//! said of [On-Demand](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html) and
//! [spot](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-limits.html): machines that run or are about
//! to, of the account in the region.

/// A quota of EC2, in vCPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::aws) struct Quota {
    /// By which Service Quotas knows it.
    pub(in crate::aws) code: &'static str,
    /// What it is called there.
    pub(in crate::aws) name: &'static str,
}

/// Families of types that are counted together.
struct Families {
    /// What names of types begin with, before their generation.
    of: &'static [&'static str],
    on_demand: Quota,
    /// Nothing if there are no spot machines, or if it is not clear what counts them.
    spot: Option<Quota>,
}

static ALL: [Families; 10] = [
    Families {
        // `im` and `is` are of the family I.
        of: &["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"],
        on_demand: quota(
            "L-1216C47A",
            "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        ),
        spot: Some(quota(
            "L-34B43A08",
            "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
        )),
    },
    Families {
        of: &["dl"],
        on_demand: quota("L-6E869C2A", "Running On-Demand DL instances"),
        spot: Some(quota("L-85EED4F7", "All DL Spot Instance Requests")),
    },
    Families {
        of: &["f"],
        on_demand: quota("L-74FC7D96", "Running On-Demand F instances"),
        spot: Some(quota("L-88CF9481", "All F Spot Instance Requests")),
    },
    Families {
        of: &["g", "gr", "vt"],
        on_demand: quota("L-DB2E81BA", "Running On-Demand G and VT instances"),
        spot: Some(quota("L-3819A6DF", "All G and VT Spot Instance Requests")),
    },
    Families {
        of: &["hpc"],
        on_demand: quota("L-F7808C92", "Running On-Demand HPC instances"),
        spot: None,
    },
    Families {
        of: &["inf"],
        on_demand: quota("L-1945791B", "Running On-Demand Inf instances"),
        spot: Some(quota("L-B5D1601B", "All Inf Spot Instance Requests")),
    },
    Families {
        of: &["p"],
        on_demand: quota("L-417A185B", "Running On-Demand P instances"),
        // Some pages of AWS have a quota of its own for P5, and some have not.
        spot: None,
    },
    Families {
        of: &["trn"],
        on_demand: quota("L-2C3B7624", "Running On-Demand Trn instances"),
        spot: Some(quota("L-6B0D517C", "All Trn Spot Instance Requests")),
    },
    Families {
        of: &["u"],
        on_demand: quota("L-43DA4232", "Running On-Demand High Memory instances"),
        spot: None,
    },
    Families {
        of: &["x"],
        on_demand: quota("L-7295265B", "Running On-Demand X instances"),
        spot: Some(quota("L-E3A00192", "All X Spot Instance Requests")),
    },
];

impl Quota {
    /// The one that counts machines of a type; nothing if none is known to.
    pub(in crate::aws) fn of(instance_type: &str, is_spot: bool) -> Option<Self> {
        let family = instance_type.split(|c: char| !c.is_ascii_lowercase()).next()?;
        let families = ALL.iter().find(|families| families.of.contains(&family))?;
        match is_spot {
            true => families.spot,
            false => Some(families.on_demand),
        }
    }
}

const fn quota(code: &'static str, name: &'static str) -> Quota {
    Quota { code, name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_what_is_before_the_generation() {
        for (name, on_demand, spot) in [
            ("m7g.xlarge", "L-1216C47A", Some("L-34B43A08")),
            ("t4g.micro", "L-1216C47A", Some("L-34B43A08")),
            ("m7i-flex.large", "L-1216C47A", Some("L-34B43A08")),
            ("im4gn.large", "L-1216C47A", Some("L-34B43A08")),
            ("d3en.xlarge", "L-1216C47A", Some("L-34B43A08")),
            ("dl1.24xlarge", "L-6E869C2A", Some("L-85EED4F7")),
            ("g4dn.xlarge", "L-DB2E81BA", Some("L-3819A6DF")),
            ("gr6.4xlarge", "L-DB2E81BA", Some("L-3819A6DF")),
            ("vt1.3xlarge", "L-DB2E81BA", Some("L-3819A6DF")),
            ("inf2.xlarge", "L-1945791B", Some("L-B5D1601B")),
            ("p5en.48xlarge", "L-417A185B", None),
            ("trn1n.32xlarge", "L-2C3B7624", Some("L-6B0D517C")),
            ("u-6tb1.56xlarge", "L-43DA4232", None),
            ("u7i-12tb.224xlarge", "L-43DA4232", None),
            ("x2gd.metal", "L-7295265B", Some("L-E3A00192")),
            ("f2.6xlarge", "L-74FC7D96", Some("L-88CF9481")),
            ("hpc7g.4xlarge", "L-F7808C92", None),
        ] {
            let code = |is_spot| Quota::of(name, is_spot).map(|quota| quota.code);
            assert_eq!((code(false), code(true)), (Some(on_demand), spot), "{name}");
        }
        for name in ["mac2.metal", "cr1.8xlarge", "", "7"] {
            assert_eq!(Quota::of(name, false), None, "{name}");
        }
    }
}
