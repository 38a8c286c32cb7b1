//! A hand of its own, off unless somebody switches it on: it accepts, assigns, works and resolves, so that a long test
//! has living incidents. It presses the same buttons as people do.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::desk::{Said, act};
use super::store::{Incident, Moved};
use super::{Inner, Move, SandboxError, State, dispatch, faults};

/// How often it looks around.
const LOOK: Duration = Duration::from_millis(100);
/// How many incidents it has in its hands at once.
const HANDS: u32 = 500;
/// The longest delay, in milliseconds: one hour.
const LONGEST_MS: u64 = 3_600_000;

/// How the platform works by itself. The default is not at all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Autopilot {
    /// Whether it works.
    pub on: bool,
    /// The shortest time between two moves of an incident, in milliseconds.
    pub min_ms: u64,
    /// The longest, in milliseconds.
    pub max_ms: u64,
    /// Share (0..=1) of incidents that a post returns when it gets them.
    pub returns: f64,
    /// Share (0..=1) of incidents that are extended while they are worked on; the same share asks for a further extension.
    pub extensions: f64,
}

impl Default for Autopilot {
    fn default() -> Self {
        Self { on: false, min_ms: 2_000, max_ms: 20_000, returns: 0.1, extensions: 0.1 }
    }
}

/// An `--autopilot` that names no setting or has no usable value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("不认识的自动办理设置「{0}」；可用：min_ms=毫秒、max_ms=毫秒、returns=0..1、extensions=0..1，以逗号分隔")]
pub struct UnknownSetting(pub String);

impl Autopilot {
    /// Switched on, with settings as written on the command line: `min_ms=200,max_ms=900,returns=0.2`, or nothing.
    ///
    /// # Errors
    /// When a name or value is not known.
    pub fn on_with(settings: &str) -> Result<Self, UnknownSetting> {
        let mut it = Self { on: true, ..Self::default() };
        for setting in settings.split(',').map(str::trim).filter(|s| !s.is_empty()) {
            let unknown = || UnknownSetting(setting.to_owned());
            let (name, value) = setting.split_once('=').ok_or_else(unknown)?;
            match name.trim() {
                "min_ms" => it.min_ms = value.trim().parse().map_err(|_| unknown())?,
                "max_ms" => it.max_ms = value.trim().parse().map_err(|_| unknown())?,
                "returns" => it.returns = faults::share(value).ok_or_else(unknown)?,
                "extensions" => it.extensions = faults::share(value).ok_or_else(unknown)?,
                _ => return Err(unknown()),
            }
        }
        Ok(it.clamped())
    }

    /// Shares inside 0..=1, delays in order and at most an hour.
    pub(super) fn clamped(self) -> Self {
        let min_ms = self.min_ms.min(LONGEST_MS);
        Self {
            on: self.on,
            min_ms,
            max_ms: self.max_ms.clamp(min_ms, LONGEST_MS),
            returns: faults::clamp(self.returns),
            extensions: faults::clamp(self.extensions),
        }
    }
}

/// Works until `cancel`.
pub(super) async fn run(inner: &Inner, cancel: CancellationToken) {
    // When each incident's next move is due, drawn once for each state that it comes into.
    let mut due: HashMap<String, (Mark, Timestamp)> = HashMap::new();
    loop {
        let settings = *inner.autopilot.read();
        if settings.on {
            if let Err(error) = round(inner, settings, &mut due).await {
                tracing::error!(%error, "演示平台自动办理出错");
            }
        } else {
            due.clear();
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// What a draw was made for.
type Mark = (Timestamp, bool);

async fn round(inner: &Inner, settings: Autopilot, due: &mut HashMap<String, (Mark, Timestamp)>) -> Result<(), SandboxError> {
    let incidents = inner.store.movable(HANDS).await?;
    let now = inner.clock.now();
    let mut next = HashMap::with_capacity(incidents.len());
    for it in incidents {
        let mark = (it.updated_at, it.asked.is_some());
        let at = match due.get(&it.external_no) {
            Some((known, at)) if *known == mark => *at,
            _ => {
                let wait = faults::between(settings.min_ms, settings.max_ms, inner.ids.as_ref());
                now.saturating_add(SignedDuration::from_millis(i64::try_from(wait).unwrap_or(i64::MAX))).unwrap_or(now)
            }
        };
        if at > now {
            next.insert(it.external_no, (mark, at));
            continue;
        }
        let Some((step, said)) = choose(inner, settings, &it) else { continue };
        match act(inner, &it.external_no, step, said).await? {
            Moved::Done(_) | Moved::Illegal(_) | Moved::Unknown => {}
            Moved::Unsaid(code, _) => tracing::warn!(code, external_no = it.external_no, "自动办理的操作没有被接受"),
        }
    }
    *due = next;
    Ok(())
}

/// What it does next with an incident; nothing when it has ended.
fn choose(inner: &Inner, settings: Autopilot, it: &Incident) -> Option<(Move, Said)> {
    let ids = inner.ids.as_ref();
    let noted = |words: &str| Said { note: Some(words.to_owned()), ..Said::default() };
    if it.asked.is_some() {
        return Some(if faults::happens(0.5, ids) {
            (Move::ApproveExtension, Said::default())
        } else {
            (Move::RefuseExtension, noted("请在原时限内办结"))
        });
    }
    Some(match it.state {
        State::Received if faults::happens(settings.returns, ids) => (Move::Return, noted("不属于本岗位职责")),
        State::Received => (Move::Accept, Said::default()),
        State::Accepted => (Move::Assign, Said::default()),
        State::Assigned if it.returns == 0 && faults::happens(settings.returns, ids) => {
            (Move::Return, noted("经现场核查，不属于本岗位职责"))
        }
        State::Assigned => (Move::Start, noted("已派人到现场查看")),
        State::Returned if faults::happens(0.5, ids) => (Move::AgreeReturn, elsewhere(inner, it)),
        State::Returned => (Move::RefuseReturn, noted("属于本岗位职责，请继续办理")),
        State::InProgress if it.extensions == 0 && faults::happens(settings.extensions, ids) => {
            (Move::Extend, noted("需要等待材料进场"))
        }
        // Only until there has been a second one: everything ends, whatever the share.
        State::Extended if it.extensions == 1 && faults::happens(settings.extensions, ids) => {
            (Move::AskExtension, noted("施工条件仍不具备"))
        }
        State::InProgress | State::Extended => (Move::Resolve, noted("已处理完毕")),
        State::Resolved => (Move::Close, Said::default()),
        State::Merged | State::Closed => return None,
    })
}

/// Another post than the incident's own, drawn from the table.
fn elsewhere(inner: &Inner, it: &Incident) -> Said {
    let others: Vec<(&str, &str)> = dispatch::SECTIONS
        .iter()
        .flat_map(|(section, posts)| posts.iter().map(move |post| (*section, *post)))
        .filter(|(section, post)| *section != it.section || *post != it.post)
        .collect();
    let last = u64::try_from(others.len().saturating_sub(1)).unwrap_or_default();
    let at = usize::try_from(faults::between(0, last, inner.ids.as_ref())).unwrap_or_default();
    let chosen = others.get(at).copied();
    Said {
        section: chosen.map(|(section, _)| section.to_owned()),
        post: chosen.map(|(_, post)| post.to_owned()),
        ..Said::default()
    }
}
