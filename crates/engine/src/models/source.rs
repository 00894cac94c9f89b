//! The source of the models: the program itself or a folder. Input: the user's choice. Output: the
//! checked bytes of a model.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{ShippedModel, find_folder, read_shipped, refused};
use crate::EngineKind;
use crate::error::LoadError;

/// The source of an engine's models.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "embed-models", derive(Default))]
#[non_exhaustive]
pub enum ModelSource {
    /// The program itself: the feature `embed-models` builds them into it.
    #[cfg(feature = "embed-models")]
    #[default]
    Embedded,
    /// A folder that contains them under dlib's [names](ShippedModel::file_name).
    Folder(PathBuf),
}

impl ModelSource {
    /// Returns the source of an engine's models: the folder `explicit` (from `--models` or
    /// `FACEMATCH_MODELS`) if given; otherwise the program itself, if it contains them and the
    /// engine does not need files; otherwise the folder that [`find_folder`] finds.
    ///
    /// # Errors
    /// As [`find_folder`].
    pub fn for_engine(kind: EngineKind, explicit: Option<&Path>) -> Result<Self, LoadError> {
        match (explicit, kind) {
            #[cfg(feature = "embed-models")]
            (None, EngineKind::Native) => Ok(Self::Embedded),
            _ => find_folder(explicit).map(Self::Folder),
        }
    }

    /// Returns the bytes of `model`. Those of a file have their size and SHA-256 checked; those in
    /// the program need no check.
    ///
    /// # Errors
    /// [`LoadError::MissingModel`], or [`LoadError::Model`] if the file cannot be read or is not
    /// the one that facematch ships.
    pub fn bytes(&self, model: ShippedModel) -> Result<Cow<'static, [u8]>, LoadError> {
        match self {
            #[cfg(feature = "embed-models")]
            Self::Embedded => Ok(Cow::Borrowed(super::embedded::bytes(model))),
            Self::Folder(folder) => read_shipped(folder, model).map(Cow::Owned),
        }
    }

    /// Reads `model` with `read`, which refuses its bytes with a sentence without a subject, like
    /// the readers in [`network`](super::network).
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and [`LoadError::Model`] with the sentence of `read`.
    pub fn load<M>(
        &self,
        model: ShippedModel,
        read: impl FnOnce(&[u8]) -> Result<M, String>,
    ) -> Result<M, LoadError> {
        let bytes = self.bytes(model)?;
        read(&bytes).map_err(|reason| refused(&self.path_of(model), reason))
    }

    /// Returns a folder with the models, for an engine that opens files itself. If the source is
    /// the program, the usual places are searched.
    ///
    /// # Errors
    /// As [`find_folder`].
    pub fn folder(&self) -> Result<Cow<'_, Path>, LoadError> {
        match self {
            #[cfg(feature = "embed-models")]
            Self::Embedded => find_folder(None).map(Cow::Owned),
            Self::Folder(folder) => Ok(Cow::Borrowed(folder)),
        }
    }

    /// Returns the path of `model`, for a message.
    fn path_of(&self, model: ShippedModel) -> PathBuf {
        match self {
            #[cfg(feature = "embed-models")]
            Self::Embedded => PathBuf::from(format!("{} (built in)", model.file_name())),
            Self::Folder(folder) => folder.join(model.file_name()),
        }
    }
}

/// Formats the source as "built in" or "in DIR", to follow "models".
impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "embed-models")]
            Self::Embedded => f.write_str("built in"),
            Self::Folder(folder) => write!(f, "in {}", folder.display()),
        }
    }
}

impl From<PathBuf> for ModelSource {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<&Path> for ModelSource {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<&str> for ModelSource {
    fn from(folder: &str) -> Self {
        Self::Folder(folder.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
    }

    #[test]
    fn a_folder_that_is_named_is_taken_by_every_engine() {
        for kind in [EngineKind::Native, EngineKind::Dlib] {
            let source = ModelSource::for_engine(kind, Some(&repository())).unwrap();
            assert_eq!(source, ModelSource::Folder(repository()));
            assert_eq!(source.folder().unwrap(), repository());
            let missing = repository().join("missing");
            let error = ModelSource::for_engine(kind, Some(&missing)).unwrap_err();
            assert_eq!(error.path(), Some(missing.as_path()));
        }
    }

    #[cfg(feature = "embed-models")]
    #[test]
    fn the_native_engine_takes_the_models_of_the_program() {
        let source = ModelSource::for_engine(EngineKind::Native, None).unwrap();
        assert_eq!(source, ModelSource::Embedded);
        assert_eq!(source, ModelSource::default());
        // dlib opens files.
        let dlib = ModelSource::for_engine(EngineKind::Dlib, None);
        assert!(!matches!(dlib, Ok(ModelSource::Embedded)));
    }

    #[cfg(feature = "embed-models")]
    #[test]
    fn the_program_and_its_folder_have_the_same_models() {
        for model in ShippedModel::ALL {
            let built_in = ModelSource::Embedded.bytes(model).unwrap();
            assert!(matches!(built_in, Cow::Borrowed(_)), "copied: {model:?}");
            assert!(
                built_in == ModelSource::from(repository()).bytes(model).unwrap(),
                "{model:?}"
            );
        }
    }

    #[test]
    fn a_folder_that_lacks_a_model_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let source = ModelSource::from(folder.path());
        let error = source.bytes(ShippedModel::Encoder).unwrap_err();
        let file = folder.path().join(ShippedModel::Encoder.file_name());
        assert_eq!(error.path(), Some(file.as_path()));
        assert!(error.to_string().ends_with("is missing"), "{error}");
    }

    #[test]
    fn what_a_reader_refuses_is_named() {
        let source = ModelSource::from(repository());
        let length = source.load(ShippedModel::CnnDetector, |bytes| Ok(bytes.len()));
        assert_eq!(length.unwrap(), 729_940);
        let error = source
            .load(ShippedModel::CnnDetector, |_| {
                Err::<(), _>("is odd".to_owned())
            })
            .unwrap_err();
        let file = repository().join(ShippedModel::CnnDetector.file_name());
        assert_eq!(
            error.to_string(),
            format!("models: {}: is odd", file.display())
        );
    }

    #[test]
    fn says_where_the_models_are() {
        assert_eq!(ModelSource::from("some/where").to_string(), "in some/where");
        #[cfg(feature = "embed-models")]
        assert_eq!(ModelSource::Embedded.to_string(), "built in");
    }
}
