//! Measuring the whole: scripted conversations against a real instance.
//!
//! Search is measured by `knowledge`, figures by `conversation`; here is what needs everything at once.

pub mod classify;
pub mod dialogue;
pub mod duplicates;
