//! What several rooms' tests share.

pub mod fake_model;
