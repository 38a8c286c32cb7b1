//! One conversation: what a turn does.

pub mod figures;
mod names;
pub mod redact;
