//! The wire formats, held against go-cty, with which every core reads and writes them.

use proptest::prelude::*;
use tf_framework::types::Type;
use tf_framework::value::strategies::{arbitrary_type, arbitrary_value};
use tf_framework::value::{Number, Refinements, Value};
use tf_framework::wire::{json, msgpack};

use crate::cty::{Question, Reading, ask};
use crate::support::samples;

const CASES: usize = 10_000;

/// How many cases are damaged.
const DAMAGED: usize = 3_000;

/// The first bytes of binaries, extensions, texts, lists and maps whose length takes 32 bits.
const LONG_LENGTHS: [u8; 5] = [0xc6, 0xc9, 0xdb, 0xdd, 0xdf];

/// Any type that a schema can have, with any value of it.
fn typed_values() -> impl Strategy<Value = (Type, Value)> {
    arbitrary_type()
        .prop_filter("schemas have no such type", |of| can_be_in_a_schema(of, false))
        .prop_flat_map(|of| (Just(of.clone()), arbitrary_value(&of)))
        .prop_map(|(of, value)| (of, sensible(value)))
}

/// Cores refuse dynamic types in sets, and go-cty wants one type for all elements of a list or map.
fn can_be_in_a_schema(of: &Type, in_collection: bool) -> bool {
    match of {
        Type::Bool | Type::Number | Type::String => true,
        Type::Dynamic => !in_collection,
        Type::List(of) | Type::Set(of) | Type::Map(of) => can_be_in_a_schema(of, true),
        Type::Object(attributes) => attributes.values().all(|of| can_be_in_a_schema(of, in_collection)),
        Type::Tuple(elements) => elements.iter().all(|of| can_be_in_a_schema(of, in_collection)),
    }
}

/// The value without what go-cty has other opinions on, none of which a provider meets:
///
/// - bounds that contradict each other or leave one possibility only: go-cty panics at the former, and takes the value
///   for known with the latter;
/// - numbers nearer to 0 than floats can be with all their digits: go-cty writes digits that the float never had.
fn sensible(value: Value) -> Value {
    match value {
        Value::Unknown(refinements) => Value::Unknown(sensible_refinements(refinements)),
        Value::List(elements) => Value::List(elements.into_iter().map(sensible).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(sensible)),
        Value::Map(elements) => Value::Map(
            elements
                .into_iter()
                .map(|(key, value)| (key, sensible(value)))
                .collect(),
        ),
        Value::Object(attributes) => Value::object(attributes.into_iter().map(|(name, value)| (name, sensible(value)))),
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0, sensible(typed.1)))),
        Value::Number(number) if is_subnormal(&number) => Value::Number(0.into()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

fn is_subnormal(number: &Number) -> bool {
    matches!(number, Number::Float(float) if float.is_subnormal())
}

fn sensible_refinements(mut refinements: Refinements) -> Refinements {
    if let (Some((lower, _)), Some((upper, _))) = (&refinements.number_lower_bound, &refinements.number_upper_bound)
        && lower >= upper
    {
        refinements.number_upper_bound = None;
    }
    if let (Some(lower), Some(upper)) = (refinements.length_lower_bound, refinements.length_upper_bound)
        && lower >= upper
    {
        refinements.length_upper_bound = None;
    }
    refinements
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
#[ignore = "needs the lab: cargo xtask test"]
fn encodings_are_read_and_written_alike() {
    let cases = samples(&typed_values(), CASES);
    let questions: Vec<Question> = cases
        .iter()
        .map(|(of, value)| Question {
            of: of.clone(),
            msgpack: Some(msgpack::encode(value, of).unwrap()),
            json: json::to_json(value, of).ok().map(String::into_bytes),
        })
        .collect();
    let mut known = 0;
    let mut wrong = Vec::new();
    for (((of, value), question), answer) in cases.iter().zip(&questions).zip(ask(&questions)) {
        let mut check = |what: &str, error: &str, read: Result<Value, String>| {
            if read.as_ref() != Ok(value) {
                let sent = hex(question.msgpack.as_deref().unwrap_or_default());
                wrong.push(format!("{what} of {of} {value:?}: {read:?} {error}; sent {sent}"));
            }
        };
        for (way, asked, reading) in [
            ("msgpack", &question.msgpack, &answer.msgpack),
            ("json", &question.json, &answer.json),
        ] {
            if asked.is_none() {
                continue;
            }
            let bytes = reading.msgpack.as_deref().unwrap_or_default();
            check(
                &format!("msgpack after {way}"),
                &reading.error,
                msgpack::decode(bytes, of).map_err(|error| error.to_string()),
            );
            if question.json.is_some() {
                known += 1;
                let bytes = reading.json.as_deref().unwrap_or_default();
                check(
                    &format!("json after {way}"),
                    &reading.error,
                    json::decode(bytes, of).map_err(|error| error.to_string()),
                );
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {CASES}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(known > CASES / 2, "only {known} values were wholly known");
}

/// Encodings with a few bytes changed, beside the types of the values that they once were.
fn damaged(encode: fn(&Value, &Type) -> Option<Vec<u8>>) -> impl Strategy<Value = (Type, Vec<u8>)> {
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3);
    (typed_values(), changes).prop_filter_map("has this encoding", move |((of, value), changes)| {
        let mut bytes = encode(&value, &of)?;
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        // go-cty makes room for as much as a length of 32 bits announces, before it looks how much there is.
        let announces = |byte: &u8| LONG_LENGTHS.contains(byte);
        (!bytes.iter().any(announces)).then_some((of, bytes))
    })
}

/// What the framework refuses and go-cty reads, each with the reason.
const STRICTER: [(&str, &str); 5] = [
    (
        "text is not UTF-8",
        "go-cty keeps any bytes, but the values of cores are texts, and Rust has no other ones",
    ),
    (
        "bytes after its end",
        "go-cty does not look whether there is more; no core sends it",
    ),
    (
        "a string key is required",
        "go-cty reads other keys as texts; no core sends them",
    ),
    (
        "refinements of the unknown value are malformed",
        "go-cty reads on after facts of a wrong kind",
    ),
    (
        "encoding is not JSON",
        "go-cty replaces what is not UTF-8, and reads no further than the end of a number",
    ),
];

/// Judges one damaged encoding; whether it was read, or what differs.
fn judge(of: &Type, ours: Result<Value, String>, theirs: &Reading) -> Result<bool, String> {
    match (ours, &theirs.msgpack) {
        (Ok(ours), Some(theirs)) => match msgpack::decode(theirs, of) {
            Ok(again) if unrefined(&again) == unrefined(&ours) => Ok(true),
            again => Err(format!("{ours:?}, not {again:?}")),
        },
        (Err(_), None) => Ok(false),
        (Err(ours), Some(_)) if STRICTER.iter().any(|(problem, _)| ours.contains(problem)) => Ok(false),
        // Facts that contradict each other are kept here, as nothing follows from them, and an extension of any type is
        // an unknown value, as the protocol asks of readers; go-cty stumbles over the former, and over the latter if
        // long.
        (Ok(ours), None) if !ours.is_wholly_known() && is_about_refinements(&theirs.error) => Ok(false),
        (ours, _) => Err(format!("{ours:?}, but {:?}", theirs.error)),
    }
}

fn is_about_refinements(error: &str) -> bool {
    ["panic: ", "refinement", "extension"]
        .iter()
        .any(|word| error.contains(word))
}

/// The value as far as it can be compared: go-cty drops and sharpens what is known of the unknown, and calculates with
/// 154 digits.
fn unrefined(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::UNKNOWN,
        Value::List(elements) => Value::List(elements.iter().map(unrefined).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(unrefined)),
        Value::Map(elements) => Value::Map(
            elements
                .iter()
                .map(|(key, value)| (key.clone(), unrefined(value)))
                .collect(),
        ),
        Value::Object(parts) => Value::object(parts.iter().map(|(name, value)| (name, unrefined(value)))),
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0.clone(), unrefined(&typed.1)))),
        Value::Number(number) if number.to_string().trim_end_matches('0').len() > 150 => {
            Value::Number(number.as_f64().into())
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain.clone(),
    }
}

fn assert_judged_alike(judgements: impl Iterator<Item = (String, Result<bool, String>)>) {
    let (mut read, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for (case, judgement) in judgements {
        match judgement {
            Ok(true) => read += 1,
            Ok(false) => refused += 1,
            Err(difference) => wrong.push(format!("{case}: {difference}")),
        }
    }
    let shown = wrong.len().min(20);
    assert!(
        wrong.is_empty(),
        "{} of {DAMAGED}:\n{}",
        wrong.len(),
        wrong[..shown].join("\n")
    );
    assert!(
        read > DAMAGED / 100 && refused > DAMAGED / 10,
        "{read} read, {refused} refused"
    );
}

#[test]
#[ignore = "needs the lab: cargo xtask test"]
fn damaged_msgpack_is_read_or_refused_alike() {
    let cases = samples(&damaged(|value, of| msgpack::encode(value, of).ok()), DAMAGED);
    let questions: Vec<Question> = cases.iter().map(|(of, bytes)| Question::msgpack(of, bytes)).collect();
    assert_judged_alike(cases.iter().zip(ask(&questions)).map(|((of, bytes), answer)| {
        let ours = msgpack::decode(bytes, of).map_err(|error| error.to_string());
        (format!("{of} {}", hex(bytes)), judge(of, ours, &answer.msgpack))
    }));
}

#[test]
#[ignore = "needs the lab: cargo xtask test"]
fn damaged_json_is_read_or_refused_alike() {
    let encode = |value: &Value, of: &Type| json::to_json(value, of).ok().map(String::into_bytes);
    let cases = samples(&damaged(encode), DAMAGED);
    let questions: Vec<Question> = cases.iter().map(|(of, bytes)| Question::json(of, bytes)).collect();
    assert_judged_alike(cases.iter().zip(ask(&questions)).map(|((of, bytes), answer)| {
        let ours = json::decode(bytes, of).map_err(|error| error.to_string());
        (
            format!("{of} {}", String::from_utf8_lossy(bytes)),
            judge(of, ours, &answer.json),
        )
    }));
}

#[test]
#[ignore = "needs the lab: cargo xtask test"]
fn texts_of_any_form_are_normalized_alike() {
    // Letters, what combines with them, and Hangul in parts.
    let texts = samples(
        &"[a-ze\u{e9}\u{301}\u{30a}\u{327}\u{1100}\u{1161}\u{d55c}\u{212b}\u{fb01}]{0,31}",
        CASES / 10,
    );
    let questions: Vec<Question> = texts
        .iter()
        .map(|text| {
            let mut bytes = vec![0xda];
            bytes.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            bytes.extend(text.as_bytes());
            Question {
                json: Some(serde_json::to_vec(text).unwrap()),
                ..Question::msgpack(&Type::String, &bytes)
            }
        })
        .collect();
    let mut changed = 0;
    for ((text, question), answer) in texts.iter().zip(&questions).zip(ask(&questions)) {
        let read = msgpack::decode(question.msgpack.as_deref().unwrap(), &Type::String).unwrap();
        assert_eq!(
            json::decode(question.json.as_deref().unwrap(), &Type::String).unwrap(),
            read
        );
        let written = Some(msgpack::encode(&read, &Type::String).unwrap());
        assert_eq!(
            (&answer.msgpack.msgpack, &answer.json.msgpack),
            (&written, &written),
            "{text:?}"
        );
        changed += usize::from(read.as_str() != Some(text));
    }
    assert!(
        changed > texts.len() / 2,
        "only {changed} texts were not in normal form"
    );
}
