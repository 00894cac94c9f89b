//! The threshold that `--threshold auto` would choose for a gallery. Input: known photos with the
//! faces found in them. Output: the threshold by the shipped table, and by these people.

use facematch::gallery::{Fingerprint, GalleryBuilder, largest_face};
use facematch::matching::{ImpostorDistances, PeoplePairs};

use super::KnownPhoto;
use crate::cli::config::DEFAULT_TARGET_FPIR;

/// Thresholds at which 1 in 100 strangers gets a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AutomaticThreshold {
    /// The one that `--threshold auto` takes: by both, at each distance the stricter.
    pub(crate) chosen: f32,
    /// By the distances of the shipped table.
    pub(crate) table: f32,
    /// By the distances between these people, if they are enough.
    pub(crate) people: Option<f32>,
}

impl AutomaticThreshold {
    /// Returns the thresholds for the largest faces of `photos`, whose encodings have the
    /// fingerprint `made`.
    pub(crate) fn new(photos: &[KnownPhoto], made: &Fingerprint) -> Self {
        let mut builder = GalleryBuilder::default();
        for photo in photos {
            let content = photo.content.as_ref().ok();
            if let Some((face, encoding)) = content.and_then(|c| largest_face(&c.faces)) {
                let (name, path) = (&photo.person, &photo.path);
                builder.add_encoding(name, path, face.bounds, encoding);
            }
        }
        let gallery = builder.build();
        let table = ImpostorDistances::measured(made);
        let threshold = |distances: &ImpostorDistances| {
            let threshold = distances.threshold_for(DEFAULT_TARGET_FPIR, gallery.faces());
            threshold.value()
        };
        let pairs = PeoplePairs::of(&gallery);
        let people = pairs.as_ref().map(|pairs| pairs.distribution(&table));
        Self {
            table: threshold(&table),
            people: people.as_ref().map(threshold),
            chosen: threshold(&table.for_people(pairs.as_ref())),
        }
    }
}
