//! What several rooms' tests share.

pub mod app;
pub mod fake_model;
pub mod idp;
pub mod people;
pub mod staff;
pub mod wire;

/// Keys that pass away with the test.
pub fn sealer() -> std::sync::Arc<gridworker::core::seal::Sealer> {
    std::sync::Arc::new(gridworker::core::seal::Sealer::passing(&gridworker::core::ids::RandomIds))
}

/// Cases of a property test: `usual`, times `PROPTEST_TIMES` (`make fuzz`).
#[expect(clippy::disallowed_methods, reason = "a parameter of the test run, not of the service")]
pub fn cases(usual: u32) -> u32 {
    let times = std::env::var("PROPTEST_TIMES").ok().and_then(|t| t.parse::<u32>().ok()).unwrap_or(1);
    usual.saturating_mul(times.max(1))
}
