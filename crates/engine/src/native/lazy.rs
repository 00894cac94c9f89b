//! Models that are read when they are first needed: `facematch detect` never encodes a face, and a
//! run that takes everything from the cache never detects one.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::mmod::MmodDetector;
use super::mobilefacenet::MobilefacenetEncoder;
use super::resnet::Encoder;
use crate::error::EngineError;
use crate::models::network::read_mmod;
use facematch_kernels::SimdLevel;

/// A part of the engine that works for one thread, with a model whose weights all threads share.
pub(super) trait Loaded: Sized {
    /// Reads the model in `bytes`. Returns a sentence without a subject if it is refused.
    fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String>;

    /// Returns the same part for another thread.
    fn fork(&self) -> Self;
}

impl Loaded for Encoder {
    fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String> {
        Self::from_bytes(bytes, level)
    }

    fn fork(&self) -> Self {
        self.fork()
    }
}

impl Loaded for MobilefacenetEncoder {
    fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String> {
        Self::from_bytes(bytes, level)
    }

    fn fork(&self) -> Self {
        self.fork()
    }
}

impl Loaded for MmodDetector {
    fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String> {
        read_mmod(bytes).map(|model| Self::new(model, level))
    }

    fn fork(&self) -> Self {
        self.fork()
    }
}

/// A thread's own `T`, created when it is first used.
pub(super) struct Lazy<T> {
    shared: Arc<Shared<T>>,
    own: Option<T>,
}

/// The state that all threads share.
struct Shared<T> {
    /// The model, until the first `T` is created from it.
    model: Mutex<Cow<'static, [u8]>>,
    level: SimdLevel,
    /// The first `T`, which the others are forks of, or the reason why there is none.
    first: OnceLock<Result<T, String>>,
}

impl<T: Loaded> Lazy<T> {
    /// Prepares a `T` that will be read from the content of a model file.
    pub(super) fn new(model: Cow<'static, [u8]>, level: SimdLevel) -> Self {
        Self {
            shared: Arc::new(Shared {
                model: Mutex::new(model),
                level,
                first: OnceLock::new(),
            }),
            own: None,
        }
    }

    /// Returns the thread's own `T`.
    ///
    /// # Errors
    /// [`EngineError::Model`] if the model is refused.
    pub(super) fn get(&mut self) -> Result<&mut T, EngineError> {
        let own = match self.own.take() {
            Some(own) => own,
            None => self.shared.first()?.fork(),
        };
        Ok(self.own.insert(own))
    }

    /// Returns the same for another thread.
    pub(super) fn fork(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            own: None,
        }
    }
}

impl<T: Loaded> Shared<T> {
    fn first(&self) -> Result<&T, EngineError> {
        let first = self.first.get_or_init(|| {
            let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = std::mem::take(&mut *model);
            T::from_bytes(&bytes, self.level)
        });
        let refused = |reason: &String| EngineError::Model(reason.clone());
        first.as_ref().map_err(refused)
    }
}
