//! `/api/v1/admin/runs`: question sets asked against what is live. One file per verb; the rules are `knowledge::runs`.

pub mod compare;
pub mod get;
pub mod list;
pub mod start;
