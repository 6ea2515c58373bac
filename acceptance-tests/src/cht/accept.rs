//! The choice between text and JSON, as the CHT makes it from the `Accept` header.

/// Whether JSON is preferred to plain text. Without a header, or with one that takes anything, it is not.
pub(super) fn prefers_json(accept: Option<&str>) -> bool {
    let accept = accept.unwrap_or("*/*");
    match (rank(accept, "application/json"), rank(accept, "text/plain")) {
        (Some(json), Some(text)) => json > text,
        (json, _) => json.is_some(),
    }
}

/// How much a type is wanted: by its quality, then by how exactly it is named, then by how early.
fn rank(accept: &str, offered: &str) -> Option<(u32, u32, std::cmp::Reverse<usize>)> {
    let (offered_type, _) = offered.split_once('/')?;
    let ranges = accept.split(',').enumerate().filter_map(|(order, range)| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?;
        let exactness = match name.split_once('/')? {
            ("*", "*") => 0,
            (main, "*") if main == offered_type => 1,
            _ if name == offered => 2,
            _ => return None,
        };
        let quality: f64 = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0), |q| q.parse().ok())?;
        Some((exactness, (quality * 1000.0) as u32, order))
    });
    // The range that names the type most exactly decides on its quality.
    let (exactness, quality, order) = ranges.max_by_key(|(exactness, quality, _)| (*exactness, *quality))?;
    (quality > 0).then_some((quality, exactness, std::cmp::Reverse(order)))
}

#[cfg(test)]
mod tests {
    use super::prefers_json;

    #[test]
    fn json_has_to_be_asked_for() {
        let table = [
            (None, false),
            (Some("*/*"), false),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), false),
            (Some("text/plain, application/json"), false),
            (Some("application/json;q=0.5, text/plain"), false),
            (Some("application/json;q=0, */*"), false),
            (Some("application/json"), true),
            (Some("application/json, text/plain, */*"), true),
            (Some("application/json, */*;q=0.1"), true),
            (Some("application/*"), true),
        ];
        for (accept, expected) in table {
            assert_eq!(prefers_json(accept), expected, "{accept:?}");
        }
    }
}
