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
    /// Share (0..=1) of requests that are answered 500 before anything is stored.
    pub error_rate: f64,
    /// Share (0..=1) of pushes that are stored and then answered 500, cut in the middle of the answer,
    /// or left without any answer for a minute.
    pub drop_after_store: f64,
    /// Share (0..=1) of pushes that are stored and then left without any answer for a minute.
    pub timeout_after_store: f64,
    /// Share (0..=1) of questions (`GET …/incidents`) that are answered 500.
    pub ask_error_rate: f64,
    /// Share (0..=1) of new incidents that are answered 201 and lost: nobody knows them afterwards.
    pub forget: f64,
    /// Share (0..=1) of callbacks that are delivered again, up to three times, under the same webhook id.
    pub callback_duplicates: f64,
    /// Share (0..=1) of callbacks that are held back up to five seconds, so that later ones overtake them.
    pub callback_shuffle: f64,
    /// Share (0..=1) of callbacks that come signed with an old time stamp first, and then rightly.
    pub callback_stale_signature: f64,
    /// Every signature counts as wrong.
    pub refuse_signature: bool,
    /// Everything is answered 503.
    pub down: bool,
}

/// A `--fault` that names no switch or has no usable value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "不认识的故障开关「{0}」；可用：latency_ms=毫秒、error_rate=0..1、drop_after_store=0..1、timeout_after_store=0..1、\
     ask_error_rate=0..1、forget=0..1、callback_duplicates=0..1、callback_shuffle=0..1、callback_stale_signature=0..1、\
     refuse_signature、down"
)]
pub struct UnknownFault(pub String);

impl Faults {
    /// Turns one switch as written on the command line: `error_rate=0.3`, `down`, `latency=200`.
    ///
    /// # Errors
    /// When the name or the value is not known.
    pub fn turn(&mut self, switch: &str) -> Result<(), UnknownFault> {
        let unknown = || UnknownFault(switch.to_owned());
        let (name, value) = switch.split_once('=').unwrap_or((switch, "true"));
        let rate = || share(value).ok_or_else(unknown);
        let flag = || value.parse::<bool>().map_err(|_| unknown());
        match name.trim() {
            "latency" | "latency_ms" => self.latency_ms = value.parse().map_err(|_| unknown())?,
            "error_rate" => self.error_rate = rate()?,
            "drop_after_store" => self.drop_after_store = rate()?,
            "timeout_after_store" => self.timeout_after_store = rate()?,
            "ask_error_rate" => self.ask_error_rate = rate()?,
            "forget" => self.forget = rate()?,
            "callback_duplicates" => self.callback_duplicates = rate()?,
            "callback_shuffle" => self.callback_shuffle = rate()?,
            "callback_stale_signature" => self.callback_stale_signature = rate()?,
            "refuse_signature" => self.refuse_signature = flag()?,
            "down" => self.down = flag()?,
            _ => return Err(unknown()),
        }
        Ok(())
    }

    /// Rates inside 0..=1 (not-a-number is 0), latency at most one minute.
    pub(super) fn clamped(self) -> Self {
        let Self {
            latency_ms,
            error_rate,
            drop_after_store,
            timeout_after_store,
            ask_error_rate,
            forget,
            callback_duplicates,
            callback_shuffle,
            callback_stale_signature,
            refuse_signature,
            down,
        } = self;
        Self {
            latency_ms: latency_ms.min(60_000),
            error_rate: clamp(error_rate),
            drop_after_store: clamp(drop_after_store),
            timeout_after_store: clamp(timeout_after_store),
            ask_error_rate: clamp(ask_error_rate),
            forget: clamp(forget),
            callback_duplicates: clamp(callback_duplicates),
            callback_shuffle: clamp(callback_shuffle),
            callback_stale_signature: clamp(callback_stale_signature),
            refuse_signature,
            down,
        }
    }
}

/// A share as written: a number in 0..=1.
pub(super) fn share(value: &str) -> Option<f64> {
    value.trim().parse::<f64>().ok().filter(|r| (0.0..=1.0).contains(r))
}

/// A share inside 0..=1; not-a-number is 0.
pub(super) fn clamp(rate: f64) -> f64 {
    if rate.is_nan() { 0.0 } else { rate.clamp(0.0, 1.0) }
}

/// True with the probability `rate`, drawn from the same source as the ids so that a test can repeat it.
pub(super) fn happens(rate: f64, ids: &dyn Ids) -> bool {
    if rate <= 0.0 {
        return false;
    }
    #[expect(clippy::cast_precision_loss, reason = "a draw needs no more than 53 bits")]
    let share = drawn(ids) as f64 / u64::MAX as f64;
    share < rate
}

/// A number in `low..=high`, drawn the same way.
pub(super) fn between(low: u64, high: u64, ids: &dyn Ids) -> u64 {
    let width = high.saturating_sub(low).saturating_add(1).max(1);
    low.saturating_add(drawn(ids) % width)
}

fn drawn(ids: &dyn Ids) -> u64 {
    xxhash_rust::xxh3::xxh3_64(ids.uuid().as_bytes())
}
