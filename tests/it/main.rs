//! The one integration binary: one link of the vector engine instead of twenty.

mod api;
mod figures;
mod incident;
mod llm;
mod platform;
mod redact;
mod sandbox;
mod support;
mod text;
