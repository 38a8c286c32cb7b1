//! What several rooms' tests share.

pub mod app;
pub mod fake_model;
pub mod people;
pub mod wire;
