//! The text maths alone.

mod boost;
mod embedding;
