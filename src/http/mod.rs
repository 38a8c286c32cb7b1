//! The HTTP face: taking requests apart, asking the rooms, shaping answers. No business here.
//!
//! `router.rs` lists every URL. To add one: a file for the endpoint with its types, its documentation and its handler
//! (extract → ask a room → shape), one line in `router.rs`, a test as the role that calls it.

pub mod access;
pub mod admin;
pub mod auth;
pub mod body;
pub mod callers;
pub mod chat;
pub mod draft;
pub mod export;
pub mod knowledge;
pub mod limits;
pub mod media;
pub mod middleware;
pub mod operations;
pub mod pages;
pub mod platform;
pub mod problem;
pub mod router;
pub mod sse;
pub mod state;
pub mod tickets;
pub mod worker;
