//! What the service knows: documents and their life, clauses, index generations, hybrid search with a gate, evaluation.

pub mod catalog;
pub mod document;
pub mod eval;
pub mod eval_retrieval;
pub mod fit;
pub mod import;
pub mod judge;
pub mod law_index;
pub mod lexicon;
pub mod lint;
pub mod memory;
pub mod search;
pub mod split;
pub mod store;
pub mod vector;
