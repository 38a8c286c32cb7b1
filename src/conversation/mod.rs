//! One conversation: what a turn does.
pub mod figures;
