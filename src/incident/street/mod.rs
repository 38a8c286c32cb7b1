//! The street's own files in versions: what is edited, checked, compared, tried on real tickets and put to use while the service
//! runs.
//!
//! `files` is the list of what a street edits, as data: a new file joins by one line there. `sheet` reads a table for people
//! (rows, lines, columns), `check` finds what is wrong with a set of files, `diff` says what they change, `usage` which codes must
//! not go, `trial` where tickets would go. A version is the whole set of files that differ from the shipped ones; it is never
//! changed. Which one is in use is a pointer in the rows (`store`), and `desk` is the one place that moves it and swaps the rules.

pub mod base;
pub mod check;
pub mod desk;
pub mod diff;
pub mod files;
pub mod sheet;
pub mod store;
pub mod trial;
pub mod usage;
