//! `/api/v1/worker`: what gridworkers and dispatchers do with tickets. Who may call what stands in `access.rs`.

pub mod acting;
pub mod attachments;
pub mod category;
pub mod clocks;
pub mod directory;
pub mod disputes;
pub mod ledgers;
pub mod merge;
pub mod street;
pub mod tickets;
