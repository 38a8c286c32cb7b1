//! 事件: from what a resident says to a ticket that a street can act on.
//!
//! `ticket` is the finished thing and its legal moves; the other files lead to it.

pub mod news;
pub mod store;
pub mod ticket;
