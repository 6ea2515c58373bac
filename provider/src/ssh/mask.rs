//! What hosts wrote, made fit to be shown: without secrets, without control characters, and no more than the last
//! lines.

use secrecy::{ExposeSecret as _, SecretString};

/// How much of an output is kept to be shown.
const KEPT: usize = 8 * 1024;
const LINES: usize = 20;

/// Shorter ones would blot out half of the words of a text.
const SHORTEST: usize = 4;

/// The end of a stream.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Tail {
    /// Takes what came.
    pub(super) fn push(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
        if self.bytes.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
            self.is_cut = true;
        }
    }

    /// The last lines. A line whose beginning is lost goes, as it could hold the end of a secret that nothing
    /// recognizes.
    pub(super) fn lines(&self, secrets: &[SecretString]) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = match text.split_once('\n') {
            Some((_, rest)) if self.is_cut => rest,
            Some(_) | None => &text,
        };
        let masked = masked(text, secrets);
        let lines: Vec<&str> = masked
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect();
        let first = lines.len().saturating_sub(LINES);
        lines.into_iter().skip(first).collect::<Vec<_>>().join("\n")
    }
}

/// A text without secrets and control characters.
pub(super) fn masked(text: &str, secrets: &[SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        let secret = secret.expose_secret();
        if secret.len() >= SHORTEST {
            text = text.replace(secret, "(sensitive value)");
        }
    }
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_are_shown_without_secrets_and_without_what_moves_the_cursor() {
        let mut tail = Tail::default();
        tail.push(b"\x1b[31mred\r\ntoken=s3cr3t-token\n\n");
        assert_eq!(
            tail.lines(&["s3cr3t-token".into(), "red".into()]),
            "[31mred\ntoken=(sensitive value)"
        );
    }

    #[test]
    fn much_output_is_cut_to_whole_lines() {
        let mut tail = Tail::default();
        for number in 0..10_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        let lines = tail.lines(&[]);
        assert_eq!(lines.lines().count(), LINES);
        assert!(
            lines.starts_with("line 9980\n") && lines.ends_with("line 9999"),
            "{lines}"
        );
        tail.push(&[b'x'; 3 * KEPT]);
        tail.push(b"\nend");
        assert_eq!(tail.lines(&[]), "end", "a line without its beginning is not shown");
    }
}
