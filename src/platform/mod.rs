//! 推送: the way of a ticket to a governance platform, and of its news back.
//!
//! Confirming a ticket writes an outbox row in the same transaction; [`worker`] delivers it through an adapter
//! ([`json`]) until the platform has it once; [`callback`] takes what the platform tells and moves the ticket.

pub mod breaker;
pub mod callback;
pub mod json;
pub mod outbox;
pub mod settings;
pub mod signature;
pub mod worker;
