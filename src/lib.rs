//! 虚拟数字网格员: answers residents from a curated knowledge base and turns complaints into tickets.

pub mod conversation;
pub mod core;
pub mod incident;
pub mod knowledge;
pub mod learn;
pub mod llm;
pub mod storage;
