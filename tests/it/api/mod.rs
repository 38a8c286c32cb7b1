//! The service as its callers see it: over HTTP, from outside, with the whole of it running.

mod audience;
mod bad_input;
mod board;
mod category;
mod channels;
mod clocks;
mod curation;
mod delivery;
mod desk;
mod disputes;
mod documents;
mod draft;
mod duplicates;
mod evidence;
mod generations;
mod handling;
mod hang_up;
mod imports;
mod insight;
mod leak;
mod ledgers;
mod limits;
mod model;
mod news;
mod openapi;
mod person;
mod pictures;
mod privacy;
mod questions;
mod recovery;
mod speech;
mod streams;
mod street;
mod street_command;
mod switching;
mod system;
mod turns;

use sha2::{Digest as _, Sha256};

use crate::support::wire::{Frame, words};

/// A question that the small knowledge answers.
const QUESTION: &str = "高龄津贴一个月多少钱";

/// `done` counts and hashes exactly what was shown.
#[track_caller]
fn assert_done_fits(frames: &[Frame]) {
    let shown = words(frames);
    let done = frames.last().expect("a turn has events");
    assert_eq!(done.event, "done", "a turn ends with `done`: {frames:?}");
    assert_eq!(done.data["chars"], shown.chars().count(), "`chars` counts the code points of all deltas");
    assert_eq!(done.data["sha256"], hex::encode(Sha256::digest(shown.as_bytes())), "`sha256` is over the deltas");
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(frame.id, frames[0].id + index as u64, "ids grow by one: {frames:?}");
    }
}
