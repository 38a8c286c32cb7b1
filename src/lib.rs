//! 虚拟数字网格员: answers residents from a curated knowledge base and turns complaints into tickets.
//!
//! ```text
//!                       http            takes requests apart, asks a room, shapes the answer
//!        ┌───────────┬────┴──────┬────────────┐
//!  conversation ─► knowledge   incident ◄─ platform      the business, a room each; a room owns its storage port
//!        │           │  └► learn ◄┘
//!        └──► llm ◄──┘                                   models behind ports
//!                     storage/{sqlite,index,blobs}       adapters: implement the rooms' ports
//!        core                                            clock, ids, text: used by all, uses nothing
//!        sandbox                                         somebody else's system: a governance platform to show and test with
//! ```
//!
//! `app` wires it together; `tests/it/architecture.rs` keeps the arrows true.

pub mod app;
pub mod config;
pub mod conversation;
pub mod core;
pub mod evaluation;
pub mod http;
pub mod identity;
pub mod incident;
pub mod insight;
pub mod knowledge;
pub mod learn;
pub mod llm;
pub mod platform;
pub mod sandbox;
pub mod storage;
