//! One integration binary: one link of everything.

mod platform;
mod sandbox;
