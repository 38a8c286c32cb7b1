//! Text maths shared by search and classification. Pure functions and plain structures: no IO, no tokio, no knowledge of the business.

pub mod bm25;
pub mod boost;
pub mod embedding;
pub mod ngrams;
pub mod random;
