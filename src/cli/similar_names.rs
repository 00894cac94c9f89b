//! Finds people whose names are nearly the same and whose faces match: `obama1` and `obama2`,
//! `Obama` and `obama copy`. They are probably one person, and every photo of that person would be
//! ambiguous.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use facematch::engine::distance;
use facematch::gallery::{Gallery, KnownFace};

/// Maximum number of later faces that each face is compared with, in the order of the numbers. A
/// folder of ten thousand photos named IMG_0001.jpg and so on must not cost fifty million
/// comparisons.
const MOST_COMPARED: usize = 256;

/// Characters that may separate a name from its number.
const SEPARATORS: [char; 5] = [' ', '_', '-', '.', '#'];

/// People who are probably one person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SimilarlyNamed {
    /// Their names, at least two, in the order of their numbers.
    pub(crate) names: Vec<String>,
    /// Smallest distance between two of them.
    pub(crate) distance: f32,
    /// A photo of the first person.
    pub(crate) photo: PathBuf,
}

impl SimilarlyNamed {
    /// Returns advice on how to name the photos so that they count as one person.
    pub(crate) fn advice(&self) -> String {
        let name = self.names.first().map_or("", String::as_str);
        naming_advice(name, &self.photo)
    }
}

/// Returns advice on how to name photos of one person, given one of the names, `name`, and the
/// `photo` that has it.
pub(crate) fn naming_advice(name: &str, photo: &Path) -> String {
    let name = stem(name);
    let extension = photo.extension().unwrap_or("jpg".as_ref());
    let extension = extension.to_string_lossy();
    format!(
        "if they are one person, name the photos {name}.1.{extension}, {name}.2.{extension}, or put them into a folder \
         called {name}"
    )
}

/// Returns whether two names differ only in a number or "copy" at the end, in letter case, in
/// spaces and the like.
pub(crate) fn are_nearly_equal(a: &str, b: &str) -> bool {
    a != b && key(a) == key(b)
}

/// Returns the people of `gallery` whose names are nearly the same and who are within `threshold`
/// of each other.
pub(crate) fn similarly_named(gallery: &Gallery, threshold: f32) -> Vec<SimilarlyNamed> {
    let names: Vec<_> = gallery.names().collect();
    let stems = people_of_stems(&names);
    if stems.is_empty() {
        return Vec::new();
    }
    let known = KnownPeople::new(gallery, names);
    let mut found = Vec::new();
    for people in &stems {
        let mut groups = Groups::of(people.len());
        known.for_each_link(people, threshold, |places, distance| {
            groups.join(places, distance);
        });
        found.extend(groups.found(&known, people));
    }
    found.sort_by_key(|(first_row, _)| *first_row);
    found.into_iter().map(|(_, people)| people).collect()
}

/// Returns the people of each stem that several people share, in the order of their numbers.
fn people_of_stems(names: &[&str]) -> Vec<Vec<usize>> {
    let mut people: HashMap<String, Vec<usize>> = HashMap::new();
    for (person, name) in names.iter().enumerate() {
        people.entry(key(name)).or_default().push(person);
    }
    let mut stems: Vec<_> = people.into_values().collect();
    stems.retain(|people| people.len() > 1);
    for people in &mut stems {
        people.sort_by_cached_key(|&person| (number(names[person]), person));
    }
    stems
}

/// The people of a gallery, in the order of their names.
struct KnownPeople<'a> {
    names: Vec<&'a str>,
    faces: Vec<KnownFace<'a>>,
    /// Indices in `faces` of each person.
    rows: Vec<Vec<usize>>,
}

impl<'a> KnownPeople<'a> {
    fn new(gallery: &'a Gallery, names: Vec<&'a str>) -> Self {
        let faces: Vec<_> = gallery.known_faces().collect();
        let people: HashMap<_, _> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (*name, at))
            .collect();
        let mut rows = vec![Vec::new(); names.len()];
        for (row, face) in faces.iter().enumerate() {
            if let Some(&person) = people.get(face.name) {
                rows[person].push(row);
            }
        }
        Self { names, faces, rows }
    }

    /// Calls `found` for every two people whose faces are within `threshold` of each other, with
    /// their indices in `people` and the distance.
    fn for_each_link(
        &self,
        people: &[usize],
        threshold: f32,
        mut found: impl FnMut([usize; 2], f32),
    ) {
        let of_person = |(place, &person): (usize, &usize)| {
            let rows = self.rows[person].iter();
            rows.map(move |&row| (place, self.faces[row].encoding))
        };
        let faces: Vec<_> = people.iter().enumerate().flat_map(of_person).collect();
        for (at, (place, encoding)) in faces.iter().enumerate() {
            for (other_place, other) in faces[at + 1..].iter().take(MOST_COMPARED) {
                let distance = distance(encoding, other);
                if place != other_place && distance <= threshold {
                    found([*place, *other_place], distance);
                }
            }
        }
    }
}

/// Groups of people connected by links.
struct Groups {
    /// For each index an earlier one of its group, or itself.
    parents: Vec<usize>,
    /// For the first index of each group the smallest distance in the group.
    distances: Vec<f32>,
}

impl Groups {
    fn of(places: usize) -> Self {
        Self {
            parents: (0..places).collect(),
            distances: vec![f32::INFINITY; places],
        }
    }

    fn first(&self, mut place: usize) -> usize {
        while self.parents[place] != place {
            place = self.parents[place];
        }
        place
    }

    fn join(&mut self, places: [usize; 2], distance: f32) {
        let [a, b] = places.map(|place| self.first(place));
        let (first, other) = (a.min(b), a.max(b));
        self.parents[other] = first;
        self.distances[first] = distance
            .min(self.distances[first])
            .min(self.distances[other]);
    }

    /// Returns the groups of several people, each with its first row.
    fn found(&self, known: &KnownPeople<'_>, people: &[usize]) -> Vec<(usize, SimilarlyNamed)> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, &person) in people.iter().enumerate() {
            members.entry(self.first(place)).or_default().push(person);
        }
        let groups = members.into_iter().filter_map(|(first, members)| {
            let row = *known.rows[*members.first()?].first()?;
            let names: Vec<_> = members
                .iter()
                .map(|&person| known.names[person].to_owned())
                .collect();
            (names.len() > 1).then(|| {
                let people = SimilarlyNamed {
                    names,
                    distance: self.distances[first],
                    photo: known.faces[row].source.to_path_buf(),
                };
                (row, people)
            })
        });
        groups.collect()
    }
}

/// Splits `name` into the part before the number at its end and the number: `obama 2`,
/// `obama_0002`, `obama-2`, `obama2`, `obama (2)`. Returns `None` if it has no number or the rest
/// could not be a name.
fn split_number(name: &str) -> Option<(&str, &str)> {
    let name = name.trim_end();
    let brackets = [('(', ')'), ('[', ']')];
    let inside = |&(open, close): &(char, char)| Some((name.strip_suffix(close)?, Some(open)));
    let (rest, open) = brackets.iter().find_map(inside).unwrap_or((name, None));
    let stem = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &rest[stem.len()..];
    let stem = match open {
        Some(open) => stem.strip_suffix(open)?,
        None => stem,
    };
    let stem = stem.trim_end_matches(SEPARATORS);
    let is_name = stem.chars().any(char::is_alphabetic) && !stem.ends_with(['(', '[']);
    (is_name && !number.is_empty()).then_some((stem, number))
}

/// Words that file managers and editors add to the names of copies.
const COPY_WORDS: [&str; 7] = [
    "another",
    "bearbeitet",
    "copia",
    "copie",
    "copy",
    "edited",
    "kopie",
];

/// Returns `name` without the numbers and words at its end that mark a copy: `obama copy 2`,
/// `obama - Copy (2)`, `obama (3rd copy)`.
fn stem(name: &str) -> &str {
    let mut name = name.strip_prefix("Copy of ").unwrap_or(name).trim();
    loop {
        let shorter = split_number(name).map_or(name, |(stem, _)| stem);
        let shorter = without_copy_words(shorter);
        if shorter == name || !shorter.contains(char::is_alphabetic) {
            return name;
        }
        name = shorter;
    }
}

/// Returns `name` without a word, or words in brackets, at its end that mark a copy.
fn without_copy_words(name: &str) -> &str {
    let name = name.trim_end();
    let is_copy_word = |word: &str| {
        let word = word.to_lowercase();
        COPY_WORDS.contains(&word.as_str()) || word.starts_with(|c: char| c.is_ascii_digit())
    };
    let stem = match name.strip_suffix([')', ']']) {
        Some(inside) => inside
            .rsplit_once(['(', '['])
            .filter(|(_, words)| words.split_whitespace().all(is_copy_word)),
        None => name
            .rsplit_once(SEPARATORS)
            .filter(|(_, word)| COPY_WORDS.contains(&word.to_lowercase().as_str())),
    };
    stem.map_or(name, |(stem, _)| stem.trim_end_matches(SEPARATORS))
}

/// Returns a key that nearly equal names share.
fn key(name: &str) -> String {
    let words = stem(name).split(SEPARATORS).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Returns a sort key for the number at the end of a name. A name without a number comes first.
fn number(name: &str) -> (usize, String) {
    let digits = split_number(name).map_or("", |(_, digits)| digits);
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits.to_owned())
}

#[cfg(test)]
mod tests {
    use facematch::engine::{ENCODING_LEN, Encoding};
    use facematch::gallery::GalleryBuilder;
    use facematch::geometry::PixelBox;

    use super::*;

    /// Returns known faces of people placed on a line.
    fn gallery<S: AsRef<str>>(people: &[(S, f32)]) -> Gallery {
        let mut builder = GalleryBuilder::default();
        for (name, place) in people {
            let name = name.as_ref();
            let mut values = [0.0; ENCODING_LEN];
            values[0] = *place;
            let bounds = PixelBox {
                x: 0,
                y: 0,
                w: 9,
                h: 9,
            };
            let photo = format!("known/{name}.png");
            builder.add_encoding(name, Path::new(&photo), bounds, &Encoding::new(values));
        }
        builder.build()
    }

    fn names<S: AsRef<str>>(people: &[(S, f32)]) -> Vec<Vec<String>> {
        let found = similarly_named(&gallery(people), 0.6);
        found.into_iter().map(|people| people.names).collect()
    }

    #[test]
    fn a_number_at_the_end_of_a_name_is_found_in_every_form() {
        for (name, stem, number) in [
            ("obama1", "obama", "1"),
            ("obama 12", "obama", "12"),
            ("Barack_Obama_0001", "Barack_Obama", "0001"),
            ("Ann-Marie-2", "Ann-Marie", "2"),
            ("Barack Obama (1)", "Barack Obama", "1"),
            ("Ann[3]", "Ann", "3"),
            ("Ann #3", "Ann", "3"),
            ("Ann - 3", "Ann", "3"),
            ("王1", "王", "1"),
        ] {
            assert_eq!(split_number(name), Some((stem, number)), "{name}");
        }
        for name in [
            "",
            "Ann",
            "1",
            "2019-07-01",
            "(1)",
            "Ann 1)",
            "Ann (1",
            "Ann ()",
            "Ann (b)",
            "2Pac",
        ] {
            assert_eq!(split_number(name), None, "{name}");
        }
    }

    #[test]
    fn people_of_one_stem_whose_faces_match_are_told_once() {
        let people = [
            ("obama10", 0.0),
            ("biden", 9.0),
            ("obama2", 0.25),
            ("obama", 0.5),
            // Another face, and another name at the same position.
            ("obama3", 5.0),
            ("ann", 0.25),
        ];
        let found = similarly_named(&gallery(&people), 0.6);
        let expected = SimilarlyNamed {
            names: ["obama", "obama2", "obama10"].map(str::to_owned).to_vec(),
            distance: 0.25,
            photo: "known/obama.png".into(),
        };
        assert_eq!(found, [expected]);
        assert_eq!(
            found[0].advice(),
            "if they are one person, name the photos obama.1.png, obama.2.png, or put them into a folder called obama"
        );
    }

    #[test]
    fn the_forms_may_be_mixed() {
        let people = [
            ("Barack Obama (1)", 0.0),
            ("Barack_Obama_0002", 0.1),
            ("barack obama-3", 0.2),
            ("Barack Obama", 0.3),
        ];
        let expected = [
            "Barack Obama",
            "Barack Obama (1)",
            "Barack_Obama_0002",
            "barack obama-3",
        ];
        assert_eq!(names(&people), [expected]);
    }

    #[test]
    fn copies_and_other_spellings_of_a_name_are_told() {
        for [one, other] in [
            ["Ann Lee", "ann_lee"],
            ["Obama", "obama"],
            ["obama", "obama "],
            ["obama", "obama copy"],
            ["obama", "obama copy 2"],
            ["obama", "Obama - Copy (2)"],
            ["obama", "obama (copy)"],
            ["obama", "obama (another copy)"],
            ["obama", "obama (3rd copy)"],
            ["obama", "obama (2) copy"],
            ["obama", "Copy of obama"],
            ["obama", "obama - Kopie"],
            ["obama", "obama-edited"],
        ] {
            assert_eq!(names(&[(one, 0.0), (other, 0.1)]).len(), 1, "{other}");
        }
        for [one, other] in [["ann", "anncopy"], ["ann", "copy"], ["ann", "annie"]] {
            assert_eq!(names(&[(one, 0.0), (other, 0.1)]).len(), 0, "{other}");
        }
        let found = similarly_named(&gallery(&[("Obama copy", 0.0), ("obama", 0.1)]), 0.6);
        assert!(found[0].advice().contains("name the photos Obama.1.png"));
    }

    #[test]
    fn people_whose_faces_do_not_match_are_not_told() {
        assert_eq!(names(&[("agent 1", 0.0), ("agent 2", 0.7)]).len(), 0);
        assert_eq!(names(&[("ann", 0.0), ("bob", 0.0)]).len(), 0);
        // Two people with the same stem, each with two photos.
        let people = [("x1", 0.0), ("x2", 5.0), ("x3", 0.1), ("x4", 5.1)];
        assert_eq!(names(&people), [["x1", "x3"], ["x2", "x4"]]);
    }

    #[test]
    fn a_folder_of_thousands_of_numbers_is_compared_with_few_comparisons() {
        let people: Vec<_> = (0..4_000)
            .map(|i| (format!("IMG_{i:04}"), (i / 2) as f32))
            .collect();
        let found = names(&people);
        assert_eq!(found.len(), 2_000);
        assert_eq!(found[7], ["IMG_0014", "IMG_0015"]);
    }
}
