//! The one integration binary: one link of the vector engine instead of twenty.

mod dialogues;
mod figures;
mod incident;
mod index;
mod knowledge;
mod llm;
mod platform;
mod redact;
mod sandbox;
mod support;
mod text;
