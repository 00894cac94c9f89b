//! Where the models are taken from: out of the program itself or from a folder. In comes what the user said, out come
//! the bytes of a model, checked.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{ShippedModel, find_folder, read_shipped, refused};
use crate::EngineKind;
use crate::error::LoadError;

/// Where an engine takes its models from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "embed-models", derive(Default))]
#[non_exhaustive]
pub enum ModelSource {
    /// The program itself: with the feature `embed-models` they are a part of it.
    #[cfg(feature = "embed-models")]
    #[default]
    Embedded,
    /// A folder that holds them under the [names](ShippedModel::file_name) that dlib gave them.
    Folder(PathBuf),
}

impl ModelSource {
    /// Where the program takes the models of an engine from: the folder `explicit` (from `--models` or
    /// `FACEMATCH_MODELS`) when given; otherwise itself, if they are a part of it and the engine can do without files;
    /// otherwise the folder that [`find_folder`] finds.
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

    /// The bytes of `model`. Those of a file have their size and SHA-256 checked; those in the program need no check.
    ///
    /// # Errors
    /// [`LoadError::Model`] when the file is missing, cannot be read, or is not the one that facematch ships.
    pub fn bytes(&self, model: ShippedModel) -> Result<Cow<'static, [u8]>, LoadError> {
        match self {
            #[cfg(feature = "embed-models")]
            Self::Embedded => Ok(Cow::Borrowed(super::embedded::bytes(model))),
            Self::Folder(folder) => read_shipped(folder, model).map(Cow::Owned),
        }
    }

    /// What `read` makes of the bytes of `model`; `read` says in a sentence without a subject why it refuses them, as
    /// the readers in [`network`](super::network) do.
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

    /// A folder with the models, for an engine that opens files itself. When the source is the program, the usual
    /// places are searched.
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

    /// Where `model` is, for a message.
    fn path_of(&self, model: ShippedModel) -> PathBuf {
        match self {
            #[cfg(feature = "embed-models")]
            Self::Embedded => PathBuf::from(format!("{} (built in)", model.file_name())),
            Self::Folder(folder) => folder.join(model.file_name()),
        }
    }
}

/// "built in" or "in DIR", to follow "models".
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
