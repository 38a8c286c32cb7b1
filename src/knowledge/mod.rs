//! What the service knows: documents and their life, clauses, index generations, hybrid search with a gate, evaluation.

pub mod document;
pub mod eval_retrieval;
pub mod split;
pub mod vector;
