//! The order of passages that stand for themselves (laws, plain texts) among the candidates of all legs.

pub mod features;
pub mod folds;
pub mod reading;
pub mod shelf;
pub mod teach;
