//! Text maths shared by search and classification. Pure functions and plain structures: no IO, no tokio, no knowledge of the business.

pub mod bm25;
pub mod boost;
pub mod classifier;
pub mod embedding;
pub mod features;
pub mod keywords;
pub mod linear;
pub mod ngrams;
pub mod random;
