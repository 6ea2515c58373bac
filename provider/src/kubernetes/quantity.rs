//! [Quantities](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/), by value.

use tf_framework::custom_types::{Notation, Quantity};

/// Whether two quantities are the same amount. Text that is no quantity is only the same as itself.
pub fn is_same(one: &str, other: &str) -> bool {
    match (billionths(one), billionths(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The amount in billionths, the finest step that a quantity has; `None` if it is finer, too large, or no quantity.
pub fn billionths(text: &str) -> Option<i128> {
    Quantity::parse(text).ok().map(Quantity::billionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_quantity_is_only_the_same_as_itself() {
        for (one, other, same) in [
            ("1Gi", "1024Mi", true),
            ("100Gi", "100G", false),
            ("1.0000000001", "1", false),
            ("garbage", "garbage", true),
            ("garbage", "1", false),
            ("", "0", false),
        ] {
            assert_eq!(is_same(one, other), same, "{one} {other}");
        }
    }
}
