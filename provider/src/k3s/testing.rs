//! What tests of k3s share: golden files.

use std::path::Path;

/// Compares a text with a golden file in `golden/`; `UPDATE_GOLDEN=1 cargo test` writes it anew.
pub(super) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/k3s/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        golden,
        text,
        "{} differs; UPDATE_GOLDEN=1 writes it anew",
        path.display()
    );
}
