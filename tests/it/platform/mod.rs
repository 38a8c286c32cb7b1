//! Delivery: from a confirmed ticket to a platform that has it once, and back.

mod adapter;
mod callbacks;
mod delivery;
mod labels;
mod merges;
mod store;
pub mod support;
