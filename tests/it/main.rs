//! The one integration binary: one link of the vector engine instead of twenty.

mod incident;
mod llm;
mod platform;
mod sandbox;
mod support;
mod text;
