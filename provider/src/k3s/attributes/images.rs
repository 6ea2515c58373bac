//! Archives of images on this machine, for hosts that cannot load any.

use serde::{Deserialize, Serialize};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::home;
use crate::k3s::program::{Image, ProgramError};
use crate::wording::sentence;

/// The attribute by which servers and agents take them: paths, where a leading `~` is the home directory.
const ATTRIBUTE: &str = "images";

/// An archive that was put on hosts, as it is kept beside a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Where it was on the machine that it came from.
    path: String,
    /// The hash of it.
    sha256: String,
}

/// The archives that the attribute names.
///
/// # Errors
/// Fails if one cannot be read.
pub async fn read_images(given: Option<&Vec<String>>) -> Result<Vec<Image>, Diagnostics> {
    let mut images = Vec::new();
    let mut diagnostics = Diagnostics::new();
    for (index, path) in given.into_iter().flatten().enumerate() {
        match Image::read(&home::expand(path)).await {
            Ok(image) => images.push(image),
            Err(error) => diagnostics.push(unusable(index, &error)),
        }
    }
    diagnostics.into_result(images)
}

/// The same where they may have been put on hosts before: an archive that is not on this machine is taken to be the one
/// that was. With them comes what is wrong with those of which nothing is known.
pub async fn known_images(given: Option<&Vec<String>>, put: &[Archive]) -> (Vec<Image>, Diagnostics) {
    let mut images = Vec::new();
    let mut diagnostics = Diagnostics::new();
    for (index, given) in given.into_iter().flatten().enumerate() {
        let path = home::expand(given);
        let put = put.iter().find(|archive| archive.path == *given);
        match (Image::read(&path).await, put) {
            (Ok(image), _) => images.push(image),
            (Err(_), Some(put)) => images.push(Image {
                path,
                sha256: put.sha256.clone(),
            }),
            (Err(error), None) => diagnostics.push(unusable(index, &error)),
        }
    }
    (images, diagnostics)
}

/// What is kept of the archives that were put on hosts.
#[must_use]
pub fn archives(given: Option<&Vec<String>>, images: &[Image]) -> Vec<Archive> {
    let given = given.into_iter().flatten().zip(images);
    given
        .map(|(path, image)| Archive {
            path: path.clone(),
            sha256: image.sha256.clone(),
        })
        .collect()
}

fn unusable(index: usize, error: &ProgramError) -> Diagnostic {
    let detail = format!("{}.", sentence(&error_chain(error)));
    Diagnostic::error("Unusable archive of images", detail).at(Path::new(ATTRIBUTE).index(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_archive_that_is_not_here_is_the_one_that_was_put_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k3s-airgap-images-amd64.tar.zst");
        let given = vec![path.display().to_string()];
        let refused = read_images(Some(&given)).await.unwrap_err();
        let blamed = refused.iter().next().and_then(|one| one.path.clone());
        assert_eq!(blamed.map(|path| path.to_string()).as_deref(), Some("images[0]"));
        assert!(!known_images(Some(&given), &[]).await.1.is_empty());
        std::fs::write(&path, "images").unwrap();
        let here = read_images(Some(&given)).await.unwrap();
        let put = archives(Some(&given), &here);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(known_images(Some(&given), &put).await, (here, Diagnostics::new()));
    }
}
