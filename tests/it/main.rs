//! The one integration binary: one link of the vector engine instead of twenty.

mod figures;
mod incident;
mod index;
mod kill;
mod knowledge;
mod llm;
mod platform;
mod redact;
mod sandbox;
mod support;
mod text;
