//! The text maths alone.

mod embedding;
