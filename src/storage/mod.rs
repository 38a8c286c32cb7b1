//! Adapters of the rooms' storage ports.
//!
//! To add a table: a migration in `migrations/sqlite/`, a method on the port of the room that owns it,
//! the SQL in the file of that room here. No other room sees SQL.

pub mod blobs;
pub mod index;
pub mod sqlite;
