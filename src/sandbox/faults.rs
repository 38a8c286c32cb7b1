//! Fault switches: how the platform misbehaves on purpose.

use serde::{Deserialize, Serialize};

use crate::core::ids::Ids;

/// How the platform fails. The default is not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every answer of the push interface waits this long, in milliseconds.
    #[serde(alias = "latency")]
    pub latency_ms: u64,
    /// Share (0..=1) of requests that are answered 500 or 503 before anything is stored.
    pub error_rate: f64,
    /// Share (0..=1) of pushes that are stored and then answered 500, cut in the middle of the answer,
    /// or left without any answer for a minute.
    pub drop_after_store: f64,
    /// Every signature counts as wrong.
    pub refuse_signature: bool,
    /// Everything is answered 503.
    pub down: bool,
}

/// A `--fault` that names no switch or has no usable value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("不认识的故障开关「{0}」；可用：latency_ms=毫秒、error_rate=0..1、drop_after_store=0..1、refuse_signature、down")]
pub struct UnknownFault(pub String);

impl Faults {
    /// Turns one switch as written on the command line: `error_rate=0.3`, `down`, `latency=200`.
    ///
    /// # Errors
    /// When the name or the value is not known.
    pub fn turn(&mut self, switch: &str) -> Result<(), UnknownFault> {
        let unknown = || UnknownFault(switch.to_owned());
        let (name, value) = switch.split_once('=').unwrap_or((switch, "true"));
        let rate = || value.parse::<f64>().ok().filter(|r| (0.0..=1.0).contains(r)).ok_or_else(unknown);
        let flag = || value.parse::<bool>().map_err(|_| unknown());
        match name.trim() {
            "latency" | "latency_ms" => self.latency_ms = value.parse().map_err(|_| unknown())?,
            "error_rate" => self.error_rate = rate()?,
            "drop_after_store" => self.drop_after_store = rate()?,
            "refuse_signature" => self.refuse_signature = flag()?,
            "down" => self.down = flag()?,
            _ => return Err(unknown()),
        }
        Ok(())
    }

    /// Rates inside 0..=1 (not-a-number is 0), latency at most one minute.
    pub(super) fn clamped(self) -> Self {
        let rate = |r: f64| if r.is_nan() { 0.0 } else { r.clamp(0.0, 1.0) };
        Self {
            latency_ms: self.latency_ms.min(60_000),
            error_rate: rate(self.error_rate),
            drop_after_store: rate(self.drop_after_store),
            ..self
        }
    }
}

/// True with the probability `rate`, drawn from the same source as the ids so that a test can repeat it.
pub(super) fn happens(rate: f64, ids: &dyn Ids) -> bool {
    if rate <= 0.0 {
        return false;
    }
    let drawn = xxhash_rust::xxh3::xxh3_64(ids.uuid().as_bytes());
    #[expect(clippy::cast_precision_loss, reason = "a draw needs no more than 53 bits")]
    let share = drawn as f64 / u64::MAX as f64;
    share < rate
}
