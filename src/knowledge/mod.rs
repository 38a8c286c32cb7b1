//! What the service knows: documents and their life, clauses, index generations, hybrid search with a gate, evaluation.

pub mod area;
pub mod asof;
pub mod authority;
pub mod catalog;
pub mod document;
pub mod ended;
pub mod eval;
pub mod eval_retrieval;
pub mod evidence;
pub mod findings;
pub mod fit;
pub mod import;
pub mod judge;
pub mod law_index;
pub mod lexicon;
pub mod life;
pub mod lint;
pub mod memory;
pub mod rank;
pub mod search;
pub mod split;
pub mod store;
pub mod vector;
