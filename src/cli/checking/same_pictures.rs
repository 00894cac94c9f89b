//! Groups of photos that show the same picture. Input: pairs of such photos. Output: groups.

/// Photos that show the same picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SamePicture {
    /// Indices of the photos in ascending order, at least two.
    pub(super) photos: Vec<usize>,
    /// Largest distance of a pair that was joined.
    pub(super) distance: f32,
}

/// Disjoint sets: a forest in which every photo points to a photo of its group with a lower index,
/// or to itself.
#[derive(Debug, Clone)]
pub(super) struct SamePictures {
    parents: Vec<usize>,
    /// Largest distance of the pairs that joined each photo.
    distances: Vec<f32>,
}

impl SamePictures {
    /// Returns this number of photos, each in a group of its own.
    pub(super) fn new(photos: usize) -> Self {
        Self {
            parents: (0..photos).collect(),
            distances: vec![0.0; photos],
        }
    }

    /// Joins the photos `a` and `b`, which show the same picture at this `distance`.
    pub(super) fn join(&mut self, a: usize, b: usize, distance: f32) {
        self.distances[a] = self.distances[a].max(distance);
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }

    /// Joins the photos that are joined in `other`, which has the same photos.
    pub(super) fn merge(&mut self, other: &Self) {
        for (photo, (&parent, &distance)) in other.parents.iter().zip(&other.distances).enumerate()
        {
            self.join(photo, parent, distance);
        }
    }

    fn root(&mut self, mut photo: usize) -> usize {
        while self.parents[photo] != photo {
            // Shortens the path for the next call.
            self.parents[photo] = self.parents[self.parents[photo]];
            photo = self.parents[photo];
        }
        photo
    }

    /// Returns the groups of at least two photos, in the order of their first photos.
    pub(super) fn groups(mut self) -> Vec<SamePicture> {
        let mut groups: Vec<_> = (0..self.parents.len())
            .map(|_| SamePicture {
                photos: Vec::new(),
                distance: 0.0,
            })
            .collect();
        for photo in 0..self.parents.len() {
            let root = self.root(photo);
            groups[root].photos.push(photo);
            groups[root].distance = groups[root].distance.max(self.distances[photo]);
        }
        groups.retain(|group| group.photos.len() > 1);
        groups
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_grow_into_groups() {
        let mut pictures = SamePictures::new(6);
        pictures.join(4, 2, 0.01);
        pictures.join(0, 5, 0.03);
        pictures.join(5, 4, 0.02);
        let group = SamePicture {
            photos: vec![0, 2, 4, 5],
            distance: 0.03,
        };
        assert_eq!(pictures.groups(), [group]);
    }

    proptest! {
        #[test]
        fn two_photos_share_a_group_when_pairs_lead_from_one_to_the_other(
            pairs in proptest::collection::vec((0_usize..12, 0_usize..12), 0..14),
        ) {
            let mut pictures = SamePictures::new(12);
            // Reference algorithm: the lower label spreads until nothing changes.
            let mut labels: Vec<usize> = (0..12).collect();
            for _ in 0..12 {
                for &(a, b) in &pairs {
                    let label = labels[a].min(labels[b]);
                    (labels[a], labels[b]) = (label, label);
                }
            }
            // Split as if two threads had found the pairs.
            let mut others = pictures.clone();
            for (index, (a, b)) in pairs.into_iter().enumerate() {
                match index % 2 {
                    0 => pictures.join(a, b, 0.0),
                    _ => others.join(a, b, 0.0),
                }
            }
            pictures.merge(&others);
            let plain: Vec<Vec<usize>> = (0..12)
                .map(|label| (0..12).filter(|&photo| labels[photo] == label).collect())
                .filter(|group: &Vec<usize>| group.len() > 1)
                .collect();
            let groups: Vec<_> = pictures.groups().into_iter().map(|group| group.photos).collect();
            prop_assert_eq!(groups, plain);
        }
    }
}
