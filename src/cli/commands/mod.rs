//! The commands. Each is a function of its config; those that report photos start a [`run::Run`].

mod batches;
pub(super) mod caching;
pub(super) mod checking;
pub(super) mod detect;
mod earlier_faces;
pub(super) mod enrolling;
pub(super) mod evaluating;
mod known;
mod known_sources;
pub(super) mod man_pages;
pub(super) mod matching;
mod photo_work;
mod reencoding;
mod run;
pub(super) mod sorting;
mod tagged_people;
pub(super) mod tagging;
pub(super) mod words;
