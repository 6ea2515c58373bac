//! What numbers promise.

use proptest::prelude::*;

use super::*;
use crate::value::strategies::arbitrary_number;

fn number(text: &str) -> Number {
    text.parse().unwrap()
}

#[test]
fn equality_is_that_of_the_core() {
    assert_eq!(number("0.1"), Number::Float(0.1));
    assert_eq!(number("1.0"), Number::Integer(1));
    assert_eq!(number("1e3"), Number::Float(1000.0));
    assert_eq!(number("-0"), Number::Float(-0.0));
    assert_eq!(number("Inf"), Number::Float(f64::INFINITY));
    assert_ne!(Number::Float(0.1 + 0.2), number("0.3"));
    assert_ne!(number("9007199254740993"), Number::Float(9_007_199_254_740_992.0));
    assert_ne!(number("1e400"), Number::Float(f64::INFINITY));
}

#[test]
fn numbers_are_ordered_by_size() {
    let mut sorted = [
        "-Inf", "-1e400", "-10", "-9", "-0.5", "0", "1e-400", "0.1", "2", "10", "1e400", "Inf",
    ];
    let expected = sorted;
    sorted.reverse();
    sorted.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap());
    assert_eq!(sorted, expected);
}

#[test]
fn texts_are_plain_and_shortest() {
    for (text, plain) in [
        ("1e3", "1000"),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+7", "7"),
        ("-0.0", "0"),
        ("1e30", "1000000000000000000000000000000"),
        ("-1.5E-7", "-0.00000015"),
        ("9223372036854775808", "9223372036854775808"),
        ("inf", "+Inf"),
        ("-Inf", "-Inf"),
    ] {
        assert_eq!(number(text).to_string(), plain, "{text}");
    }
    assert_eq!(Number::Float(-0.0).to_string(), "0");
    assert_eq!(Number::Float(1e21).to_string(), "1000000000000000000000");
    assert_eq!(Number::Float(5e-324).to_string().len(), 326);
}

#[test]
fn of_two_shortest_texts_that_are_equally_near_the_even_one_counts() {
    // Exactly 1595302356716180.25, which clippy takes for a slip when it is written as a literal.
    let float: f64 = "1595302356716180.25".parse().unwrap();
    assert_eq!(Number::Float(float).to_string(), "1595302356716180.2");
    assert_eq!(Number::Float(float), number("1595302356716180.2"));
    assert_ne!(Number::Float(float), number("1595302356716180.3"));
}

#[test]
fn what_is_no_decimal_number_is_refused() {
    for text in [
        "", " 1", "1 ", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1.-5", ".-5", "1.2.3", "1_000", "0x10", "NaN",
        "Infinity", "١",
    ] {
        assert_eq!(text.parse::<Number>(), Err(ParseNumberError), "{text:?}");
    }
}

#[test]
fn absurd_sizes_are_refused_and_harmless() {
    let long = "9".repeat(1_000_000);
    for text in ["1e1000000000", "1e-1000000000", "1e99999999999999999999", long.as_str()] {
        assert_eq!(text.parse::<Number>(), Err(ParseNumberError));
    }
    let absurd = |exponent| Number::Decimal(BigDecimal::new(15.into(), exponent));
    assert_eq!(absurd(-1_000_000_000).to_string(), "1.5e1000000001");
    assert!(absurd(-1_000_000_000) > Number::Integer(i64::MAX));
    assert!(absurd(1_000_000_000) < Number::Float(f64::MIN_POSITIVE));
    assert_eq!(absurd(1_000_000_000).as_exact_fraction(), None);
    assert_eq!(absurd(-1_000_000_000).as_i64(), None);
    assert!(absurd(-1_000_000_000).as_f64().is_infinite());
}

#[test]
fn integers_are_recognized_in_any_form() {
    assert_eq!(number("9223372036854775807").as_i64(), Some(i64::MAX));
    assert_eq!(Number::Float(-3.0).as_i64(), Some(-3));
    assert_eq!(number("1e18").as_i64(), Some(1_000_000_000_000_000_000));
    assert_eq!(number("9223372036854775808").as_i64(), None);
    assert_eq!(number("1.5").as_i64(), None);
    assert_eq!(Number::Float(f64::NAN).as_i64(), None);
}

#[test]
fn only_exact_floats_count_as_such() {
    assert_eq!(number("0.5").as_exact_fraction(), Some(0.5));
    assert_eq!(number("0.1").as_exact_fraction(), None);
    assert_eq!(Number::Float(0.1).as_exact_fraction(), Some(0.1));
    // The shortest text of this float is another number.
    assert_eq!(number("49999999999993.3125").as_exact_fraction(), None);
    assert_eq!(
        Number::Float(49_999_999_999_993.0 + 0.312_5).to_string(),
        "49999999999993.31"
    );
    assert_eq!(Number::Float(1e30).as_exact_fraction(), None);
    assert_eq!(number("-Inf").as_exact_fraction(), Some(f64::NEG_INFINITY));
}

proptest! {
    #[test]
    fn a_float_is_found_again_from_its_text(float in any::<f64>().prop_filter("number", |float| !float.is_nan())) {
        let again = number(&Number::Float(float).to_string());
        prop_assert_eq!(&again, &Number::Float(float));
        prop_assert_eq!(again.as_f64(), float);
    }

    #[test]
    fn order_and_equality_agree(a in arbitrary_number(), b in arbitrary_number()) {
        prop_assert_eq!(a.partial_cmp(&b), b.partial_cmp(&a).map(Ordering::reverse));
        prop_assert_eq!(a == b, a.to_string() == b.to_string());
    }
}
