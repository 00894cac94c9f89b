//! `facematch tag` and `facematch untag`: names into the sidecars of photos, and out of them again.

use facematch::image::Orientation;
use facematch::matching::{CandidateCount, Outcome};
use facematch::report::{
    FaceRecord, Finding, PhotoRecord, SidecarChange, SidecarRecord, Subject, write_sidecar,
};
use facematch::tagging::{Area, FaceTag, PhotoTags, SidecarNaming};

use super::super::args::{SidecarNamingArg, TagArgs, UntagArgs};
use super::super::config;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::interrupt::UnfinishedFiles;
use super::super::output::Output;
use super::super::sidecars::{Sidecars, Writing};
use super::counted;
use super::matching::PeopleSearch;

/// How many sidecars there were of each kind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    created: usize,
    changed: usize,
    kept: usize,
    removed: usize,
}

impl Counts {
    fn add(&mut self, record: &SidecarRecord) {
        *match record.change {
            SidecarChange::Create => &mut self.created,
            SidecarChange::Change => &mut self.changed,
            SidecarChange::Keep => &mut self.kept,
            SidecarChange::Remove => &mut self.removed,
        } += 1;
    }

    /// "3 sidecars created, 1 changed, 2 unchanged", or what would be.
    fn in_words(&self, writing: Writing) -> String {
        let [created, changed, removed] = match writing {
            Writing::Done => ["created", "changed", "removed"],
            Writing::Told => ["to create", "to change", "to remove"],
        };
        let kinds = [
            (self.created, created),
            (self.changed, changed),
            (self.removed, removed),
            (self.kept, "unchanged"),
        ];
        let mut kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
        let Some((first, kind)) = kinds.next() else {
            return "no sidecars".to_owned();
        };
        let first = format!("{} {kind}", counted(first, "sidecar", "sidecars"));
        kinds.fold(first, |words, (count, kind)| {
            format!("{words}, {count} {kind}")
        })
    }
}

pub(in super::super) fn tag(args: &TagArgs, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let writing = writing(args.dry_run);
    let sidecars = Sidecars::new(writing, &unfinished);
    let naming = match args.sidecar_naming {
        SidecarNamingArg::Appended => SidecarNaming::Appended,
        SidecarNamingArg::Adobe => SidecarNaming::Adobe,
    };
    let search = PeopleSearch {
        known: &args.known,
        photos: &args.photo,
        decision: &args.decision,
        candidates: CandidateCount::Nearest(1),
        encoding: &args.encoding,
        common: &args.common,
    };
    let mut counts = Counts::default();
    // One after the other: photos may share a sidecar.
    let exit = search.run(
        console,
        &unfinished,
        |_| Subject::Sidecars,
        |searched| {
            let record = &mut searched.record;
            let tags = tags_of(record);
            if tags.faces.is_empty() {
                return;
            }
            match sidecars.tag(&record.path, &tags, naming) {
                Ok(sidecar) => {
                    sidecar.iter().for_each(|sidecar| counts.add(sidecar));
                    record.sidecar = sidecar;
                }
                Err(error) => searched.errors.push(error),
            }
        },
    )?;
    console.summary(counts.in_words(writing));
    Ok(exit)
}

pub(in super::super) fn untag(args: &UntagArgs, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let writing = writing(args.dry_run);
    let sidecars = Sidecars::new(writing, &unfinished);
    let inputs = config::photos_with_sidecars(&args.photo, &args.walk, console)?;
    let output = Output::stdout();
    let mut out = output.writer();
    let bar = console.progress("untagging", inputs.list.len());
    let mut counts = Counts::default();
    let mut failed = false;
    for input in &inputs.list {
        let own = match input.problem() {
            Some(problem) => Err(problem),
            None => Sidecars::of(input.path()),
        };
        let results = match own {
            Ok(own) => own.into_iter().map(|path| sidecars.untag(path)).collect(),
            Err(error) => vec![Err(error)],
        };
        for result in results {
            bar.suspend(|| match result {
                Ok(record) if record.change == SidecarChange::Keep => {
                    counts.add(&record);
                    console.detail(format_args!("{}: unchanged", record.path.display()));
                    Ok(())
                }
                Ok(record) => {
                    counts.add(&record);
                    output.written(write_sidecar(&mut out, input.path(), &record))
                }
                Err(error) => {
                    failed = true;
                    console.error(error);
                    Ok(())
                }
            })?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    console.summary(format_args!(
        "{}: {}",
        counted(inputs.list.len(), "photo", "photos"),
        counts.in_words(writing)
    ));
    Ok(match failed {
        false => Exit::Done,
        true => Exit::SomeFailed,
    })
}

fn writing(dry_run: bool) -> Writing {
    match dry_run {
        false => Writing::Done,
        true => Writing::Told,
    }
}

/// The faces of a photo that are somebody, for its metadata.
fn tags_of(photo: &PhotoRecord) -> PhotoTags {
    let size = (photo.width, photo.height);
    let orientation = Orientation::from_exif(photo.orientation).unwrap_or(Orientation::UPRIGHT);
    let stored_size = match orientation.swaps_sides() {
        true => (size.1, size.0),
        false => size,
    };
    let tag = |face: &FaceRecord| match &face.finding {
        Finding::Identity(identity) if identity.outcome == Outcome::Match => Some(FaceTag {
            name: identity.name()?.to_owned(),
            area: Area::of_box(face.bounds, size).stored(orientation),
            distance: identity.distance()?,
        }),
        _ => None,
    };
    PhotoTags {
        stored_size,
        faces: photo.faces.iter().filter_map(tag).collect(),
    }
}
