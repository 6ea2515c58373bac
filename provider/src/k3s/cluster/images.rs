//! Archives of images on this machine, for servers that cannot load any.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::home;
use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::cluster::ways::{Archive, Private};
use crate::k3s::program::{Image, ProgramError};
use crate::wording::sentence;

/// The archives that the attribute names.
///
/// # Errors
/// Fails if one cannot be read.
pub(super) async fn read(model: &ClusterModel) -> Result<Vec<Image>, Diagnostics> {
    let mut images = Vec::new();
    let mut diagnostics = Diagnostics::new();
    for (index, path) in model.images.iter().flatten().enumerate() {
        match Image::read(&home::expand(path)).await {
            Ok(image) => images.push(image),
            Err(error) => diagnostics.push(unusable(index, &error)),
        }
    }
    diagnostics.into_result(images)
}

/// The same for a refresh: an archive that is not on this machine is taken to be the one that was put on the servers.
///
/// # Errors
/// Fails if it is not known which one that was.
pub(super) async fn known(model: &ClusterModel, private: &Private) -> Result<Vec<Image>, Diagnostics> {
    let mut images = Vec::new();
    for (index, given) in model.images.iter().flatten().enumerate() {
        let path = home::expand(given);
        let image = match Image::read(&path).await {
            Ok(image) => image,
            Err(error) => {
                let put = private.images.iter().find(|archive| archive.path == *given);
                let sha256 = put.ok_or_else(|| unusable(index, &error))?.sha256.clone();
                Image { path, sha256 }
            }
        };
        images.push(image);
    }
    Ok(images)
}

/// What is kept of the archives that were put on the servers.
pub(super) fn put(model: &ClusterModel, images: &[Image]) -> Vec<Archive> {
    let given = model.images.iter().flatten().zip(images);
    given
        .map(|(path, image)| Archive {
            path: path.clone(),
            sha256: image.sha256.clone(),
        })
        .collect()
}

fn unusable(index: usize, error: &ProgramError) -> Diagnostic {
    let detail = format!("{}.", sentence(&error_chain(error)));
    let path = Path::new(ClusterModel::IMAGES).index(index);
    Diagnostic::error("Unusable archive of images", detail).at(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::k3s::cluster::fixtures::{model, with};

    #[tokio::test]
    async fn an_archive_that_is_not_here_is_the_one_that_was_put_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k3s-airgap-images-amd64.tar.zst");
        let model = model(&with(json!({ "images": [path] })));
        let refused = read(&model).await.unwrap_err();
        assert_eq!(
            refused
                .iter()
                .next()
                .and_then(|one| one.path.clone())
                .map(|path| path.to_string())
                .as_deref(),
            Some("images[0]")
        );
        assert!(known(&model, &Private::default()).await.is_err());
        std::fs::write(&path, "images").unwrap();
        let here = read(&model).await.unwrap();
        let private = Private {
            images: put(&model, &here),
            ..Private::default()
        };
        std::fs::remove_file(&path).unwrap();
        assert_eq!(known(&model, &private).await.unwrap(), here);
    }
}
