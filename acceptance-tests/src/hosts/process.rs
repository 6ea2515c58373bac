//! Processes as `/proc` has them.

use std::fs;

/// The children of a process that has one thread.
pub(super) fn children(process: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// The nearest descendant that is the first process of a process namespace `depth` levels below this program's.
pub(super) fn first_at_depth(ancestor: u32, depth: usize) -> Option<u32> {
    let own = namespaced_ids("self")?.len();
    let mut generation = vec![ancestor];
    while !generation.is_empty() {
        let found = generation.iter().find(|id| {
            namespaced_ids(&id.to_string()).is_some_and(|ids| ids.len() == own + depth && ids.last() == Some(&1))
        });
        if let Some(found) = found {
            return Some(*found);
        }
        generation = generation.into_iter().flat_map(children).collect();
    }
    None
}

/// The ids of a process in each namespace from this program's to its own.
fn namespaced_ids(process: &str) -> Option<Vec<u32>> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    parse_namespaced_ids(&status)
}

fn parse_namespaced_ids(status: &str) -> Option<Vec<u32>> {
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    ids.split_whitespace().map(|id| id.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_all_namespaces_are_read() {
        let status = "Name:\tsystemd\nNSpid:\t10201\t12\t3\t1\nThreads:\t1\n";
        assert_eq!(parse_namespaced_ids(status), Some(vec![10201, 12, 3, 1]));
    }

    #[test]
    fn status_without_ids_has_none() {
        assert_eq!(parse_namespaced_ids("Name:\tsystemd\n"), None);
    }
}
