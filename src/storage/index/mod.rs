//! Adapters of the knowledge room's `VectorStore` port.

pub mod edge;
pub mod memory;
pub mod server;
