//! `/api/v1/admin`: what staff do. One folder per noun, one file per verb; who may call what stands in `access.rs`.

pub mod accounts;
pub mod audit;
pub mod imports;
pub mod keys;
