//! Which open matters a message may be about: by words, by what a ticket knows, and what is shown of it.

mod engine;
mod scores;
mod shown;
mod words;
