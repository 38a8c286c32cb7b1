//! One contract for every index: memory, the embedded engine, and a server over the wire.

mod contract;
mod edge;
pub mod standin;
