//! The life of a document: draft → in review → published → retired, by two different people.
//!
//! ```text
//!            begin / roll back            submit               approve (another person)
//!   nothing ──────────────────► Draft ─────────────► InReview ─────────────────────────► Published ──► Retired
//!                                ▲  edit, discard       │ give back (reason), withdraw
//!                                └──────────────────────┘
//! ```
//!
//! A draft is a working copy and is edited freely under its revision. Submitting makes a version of it, and a version is
//! never changed again: giving it back opens its content as a draft once more. What is published answers in its window
//! ([`window`]), which is why a version for next month leaves today's in place. Each move is one line of the history, and
//! moves exist only where the state has them: [`moves`] hands out [`moves::Drafting`], [`moves::Reviewing`] and
//! [`moves::InUse`], and only these have methods.

pub mod diff;
pub mod form;
pub mod list;
pub mod moves;
pub mod record;
pub mod service;
pub mod store;
pub mod window;
