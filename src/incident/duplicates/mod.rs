//! 重复: which open matters a message may be about.
//!
//! Two questions, two thresholds. *Copy*: nearly the same words ([`COPY`]). *Same incident*: other words about the same thing
//! ([`SAME_INCIDENT`]). `index` answers both for a stream of messages by the words alone; `nearby` adds what a ticket
//! knows more of (place, category, time); `open` keeps the open tickets and finds those that a draft may join; `why` says it
//! in words. All of it is pure: `store` is the port to a database, and `app::duplicates` keeps the open tickets in step with it.

pub mod alike;
pub mod grams;
pub mod groups;
pub mod index;
pub mod nearby;
pub mod open;
pub mod store;
pub mod why;
pub mod words;

pub use index::{Index, Match};

/// From this cosine of the texts on, one is nearly a copy of the other.
pub const COPY: f32 = 0.36;
/// From this cosine of topic (twice) and beginning on, both are about the same incident.
///
/// Both were chosen in the middle of a wide plateau, not at its best point; `docs/EVALUATION.md` shows how the figures move.
pub const SAME_INCIDENT: f32 = 0.15;
