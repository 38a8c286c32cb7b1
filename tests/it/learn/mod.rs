//! The text maths alone.

mod boost;
mod classify;
mod embedding;
mod eval_classify;
mod eval_duplicates;
