//! 推送: the way of a ticket to a governance platform, and of its news back.
//!
//! Confirming a ticket writes outbox rows in the same transaction, one for each of its platforms; what changes later and its
//! attachments become rows behind them. A [`worker`] for each platform delivers them in order through an adapter ([`json`])
//! until the platform has each once; [`visibility`] decides what it may see of who reports; [`callback`] takes what it tells.
//! [`reconcile`] asks at night what it has; [`desk`] is where people look after what could not be delivered.

pub mod attachments;
pub mod breaker;
pub mod callback;
pub mod desk;
pub mod json;
pub mod outbox;
pub mod reconcile;
pub mod settings;
pub mod signature;
pub mod visibility;
pub mod worker;
