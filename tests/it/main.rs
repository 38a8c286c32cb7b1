//! The one integration binary: one link of the vector engine instead of twenty.

mod api;
mod architecture;
mod config;
mod dialogues;
mod figures;
mod figures_shipped;
mod identity;
mod incident;
mod index;
mod insight;
mod kill;
mod knowledge;
mod learn;
mod llm;
mod media;
mod platform;
mod prompts;
mod redact;
mod sandbox;
mod sealing;
mod support;
mod text;
