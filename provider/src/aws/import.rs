//! What users give to import something that has two names.

/// The two parts of an id, such as `moh:workers`; nothing if it is not of two.
pub(super) fn parts(id: &str, separator: char) -> Option<(String, String)> {
    let (one, other) = id.split_once(separator)?;
    Some((one.to_owned(), other.to_owned()))
}
