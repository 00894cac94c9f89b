//! The threshold that `--threshold auto` would choose for a gallery. Input: known photos with the
//! faces found in them. Output: the threshold by the shipped table, and by these people.

use facematch::gallery::{Fingerprint, GalleryBuilder, largest_face};
use facematch::matching::{ImpostorDistances, PeoplePairs};

use super::KnownPhoto;
use crate::cli::config::DEFAULT_TARGET_FPIR;

/// Thresholds at which 1 in 100 strangers gets a name. `--threshold auto` takes the smaller one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AutomaticThreshold {
    /// By the distances of the shipped table.
    pub(crate) table: f32,
    /// By the distances between these people, if they are enough.
    pub(crate) people: Option<f32>,
}

impl AutomaticThreshold {
    /// Returns the thresholds for the largest faces of `photos`, whose encodings were `made` so.
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
        Self {
            people: pairs.map(|pairs| threshold(&pairs.distribution(&table))),
            table: threshold(&table),
        }
    }

    /// Returns the threshold that `--threshold auto` takes.
    pub(crate) fn chosen(self) -> f32 {
        self.people
            .map_or(self.table, |people| people.min(self.table))
    }
}
