//! Delivery: from a confirmed ticket to a platform that has it once, and back.

mod adapter;
mod callbacks;
mod delivery;
mod labels;
mod merges;
mod several;
mod store;
pub mod support;
mod visibility;
