//! What every room may use: time, ids, text. No IO, no tokio, no knowledge of the business.

pub mod clock;
pub mod ids;
pub mod numerals;
pub mod seal;
pub mod text;
