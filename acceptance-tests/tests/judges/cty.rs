//! go-cty's word on encodings: see `src/tools/cty/main.go`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use acceptance_tests::tools;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};
use tf_framework::types::Type;

/// A value in one or both of its encodings.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) of: Type,
    pub(crate) msgpack: Option<Vec<u8>>,
    pub(crate) json: Option<Vec<u8>>,
}

/// What go-cty makes of a question.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) msgpack: Reading,
    pub(crate) json: Reading,
}

/// What go-cty makes of one encoding: both encodings of what it read, or an error.
#[derive(Debug, Deserialize)]
pub(crate) struct Reading {
    #[serde(deserialize_with = "bytes")]
    pub(crate) msgpack: Option<Vec<u8>>,
    #[serde(deserialize_with = "bytes")]
    pub(crate) json: Option<Vec<u8>>,
    pub(crate) error: String,
}

/// Asks about all of them at once.
pub(crate) fn ask(questions: &[Question]) -> Vec<Answer> {
    let mut child = Command::new(tools::cty().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let lines: String = questions
        .iter()
        .map(|question| format!("{}\n", question.line()))
        .collect();
    // Written beside the reading: neither pipe holds everything.
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let answers: Vec<Answer> = stdout
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), questions.len());
    answers
}

impl Question {
    /// A question about MessagePack alone.
    pub(crate) fn msgpack(of: &Type, bytes: &[u8]) -> Self {
        Question {
            of: of.clone(),
            msgpack: Some(bytes.to_vec()),
            json: None,
        }
    }

    /// A question about JSON alone.
    pub(crate) fn json(of: &Type, bytes: &[u8]) -> Self {
        Question {
            of: of.clone(),
            msgpack: None,
            json: Some(bytes.to_vec()),
        }
    }

    fn line(&self) -> Json {
        let encoded = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
        let of: Json = serde_json::from_str(&self.of.to_json()).unwrap();
        json!({ "type": of, "msgpack": encoded(&self.msgpack), "json": encoded(&self.json) })
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| STANDARD.decode(text).unwrap()))
}
