//! `[platform]`: where tickets go and how patient we are.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::visibility::{ReporterField, Visibility};
use crate::incident::destinations::{Destination, Wanted};
use crate::incident::ticket::Urgency;

/// The settings of the platform room. Durations are seconds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformSettings {
    /// Name of the destination in the outbox. Do not change it while rows wait.
    pub name: String,
    /// Everything before `/api/v1/incidents`. Without it tickets are kept and wait.
    #[serde(deserialize_with = "address")]
    #[schemars(with = "Option<String>")]
    pub base_url: Option<Url>,
    /// Shared with the platform: `whsec_` + base64, plain base64, or any other words taken as bytes.
    #[schemars(with = "Option<String>")]
    pub secret: Option<SecretString>,
    /// For callbacks, when it is another one.
    #[schemars(with = "Option<String>")]
    pub callback_secret: Option<SecretString>,
    /// Sent as `Authorization: Bearer …` when set.
    #[schemars(with = "Option<String>")]
    pub bearer: Option<SecretString>,
    /// A template of the request body instead of the embedded one.
    pub template: Option<PathBuf>,
    /// A template of an update's body instead of the embedded one.
    pub update_template: Option<PathBuf>,
    /// False when the receiving unit must not learn who reports; the same as no `reporter_fields`.
    pub carry_reporter: bool,
    /// The fields naming a reporter that it may see: name, phone, room, words.
    pub reporter_fields: Vec<ReporterField>,
    /// Names by which people call the receiving unit. A complaint that has one of them in it carries no identity there.
    pub units: Vec<String>,
    /// Only tickets whose category code begins like one of these; empty = all.
    pub categories: Vec<String>,
    /// Nothing less urgent: 一般, 紧急 or 特急.
    #[schemars(with = "String")]
    pub from_urgency: Urgency,
    /// Whether it is told what changes later (`POST …/incidents/{key}/events`).
    pub updates: bool,
    /// Whether photos and recordings are pushed too.
    pub attachments: bool,
    /// Waiting times after the 1st, 2nd, … failure; the last one repeats. Each is spread by ±20 %.
    pub schedule_s: Vec<f64>,
    /// The longest wait that a `Retry-After` may ask for.
    pub retry_after_cap_s: f64,
    /// Pushes on their way at once.
    pub concurrency: u32,
    /// To open a connection.
    pub connect_timeout_s: f64,
    /// For a whole request.
    pub timeout_s: f64,
    /// How long a claimed row belongs to its worker; longer than two requests.
    pub lease_s: f64,
    /// How often the outbox is looked at when nothing wakes it.
    pub poll_s: f64,
    /// How long an end waits for pushes on their way.
    pub drain_s: f64,
    /// Failures in a row that stop pushing for a while.
    pub breaker_failures: u32,
    /// For how long; doubles up to eight times while the platform stays ill.
    pub breaker_pause_s: f64,
    /// When at night it is asked what it has, `HH:MM` in the street's zone; empty = never by itself.
    pub reconcile_at: String,
}

impl Default for PlatformSettings {
    fn default() -> Self {
        Self {
            name: "platform".to_owned(),
            base_url: None,
            secret: None,
            callback_secret: None,
            bearer: None,
            template: None,
            update_template: None,
            carry_reporter: true,
            reporter_fields: ReporterField::ALL.to_vec(),
            units: Vec::new(),
            categories: Vec::new(),
            from_urgency: Urgency::一般,
            updates: true,
            attachments: false,
            schedule_s: vec![1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0],
            retry_after_cap_s: 3600.0,
            concurrency: 8,
            connect_timeout_s: 5.0,
            timeout_s: 15.0,
            lease_s: 60.0,
            poll_s: 2.0,
            drain_s: 5.0,
            breaker_failures: 5,
            breaker_pause_s: 5.0,
            reconcile_at: "02:30".to_owned(),
        }
    }
}

/// A value that cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("platform.{field}：{why}")]
pub struct BadSetting {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl PlatformSettings {
    /// Checks the whole section.
    ///
    /// # Errors
    /// The first field that cannot be worked with.
    pub fn validate(&self) -> Result<(), BadSetting> {
        let bad = |field, why: &str| Err(BadSetting { field, why: why.to_owned() });
        if self.name.is_empty() || !self.name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return bad("name", "应由字母、数字、- 和 _ 组成");
        }
        if let Some(url) = &self.base_url {
            if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
                return bad("base_url", "应为 http 或 https 地址");
            }
            if self.secret.is_none() {
                return bad("secret", "配置了 base_url 时必须配置");
            }
        }
        for (field, secret) in [("secret", &self.secret), ("callback_secret", &self.callback_secret)] {
            if secret.as_ref().is_some_and(|s| super::signature::Signer::new(s).is_err()) {
                return bad(field, "为空，或 whsec_ 之后不是 base64");
            }
        }
        if self.schedule_s.is_empty() || self.schedule_s.iter().any(|s| !usable(*s)) {
            return bad("schedule_s", "应为一个以上的正数（秒）");
        }
        if !(1..=256).contains(&self.concurrency) {
            return bad("concurrency", "应在 1 到 256 之间");
        }
        for (field, seconds) in [
            ("retry_after_cap_s", self.retry_after_cap_s),
            ("connect_timeout_s", self.connect_timeout_s),
            ("timeout_s", self.timeout_s),
            ("poll_s", self.poll_s),
            ("drain_s", self.drain_s),
            ("breaker_pause_s", self.breaker_pause_s),
        ] {
            if !usable(seconds) {
                return bad(field, "应为正数（秒），不超过一天");
            }
        }
        if !usable(self.lease_s) || self.lease_s <= 2.0 * self.timeout_s {
            return bad("lease_s", "应大于两倍的 timeout_s");
        }
        if !self.reconcile_at.trim().is_empty() && self.nightly().is_none() {
            return bad("reconcile_at", "应写成 02:30，或留空");
        }
        if self.breaker_failures == 0 {
            return bad("breaker_failures", "应至少为 1");
        }
        Ok(())
    }

    /// What the receiver may see of a reporter.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        let fields = if self.carry_reporter { self.reporter_fields.clone() } else { Vec::new() };
        Visibility { fields, units: self.units.clone() }
    }

    /// Which tickets it receives.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted {
            destination: Destination { name: self.name.clone(), updates: self.updates, attachments: self.attachments },
            categories: self.categories.clone(),
            from_urgency: self.from_urgency,
        }
    }

    /// When it is reconciled with.
    #[must_use]
    pub fn nightly(&self) -> Option<Time> {
        self.reconcile_at.trim().parse().ok()
    }

    /// The secret that callbacks are checked with.
    #[must_use]
    pub fn secret_for_callbacks(&self) -> Option<&SecretString> {
        self.callback_secret.as_ref().or(self.secret.as_ref())
    }
}

/// An address, or nothing when the words are empty.
fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    let words: Option<String> = Option::deserialize(from)?;
    match words.as_deref().map(str::trim).filter(|w| !w.is_empty()) {
        None => Ok(None),
        Some(words) => Url::parse(words).map(Some).map_err(|e| serde::de::Error::custom(format!("不是合法地址：{e}"))),
    }
}

fn usable(seconds: f64) -> bool {
    seconds.is_finite() && seconds > 0.0 && seconds <= 86_400.0
}

/// A validated number of seconds as a duration; anything unusable is one second.
pub(super) fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s).unwrap_or(Duration::from_secs(1))
}
