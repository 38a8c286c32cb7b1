//! `/api/v1/admin/insight`: figures over a span of days, their parts, the rows behind each, stars, files, and what waits now.

pub mod export;
pub mod figures;
pub mod parts;
pub mod rows;
pub mod stars;
pub mod today;

use axum::extract::Query;
use axum::http::Uri;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::identity::Caller;
use crate::insight::facts::{Facts, Narrowed};
use crate::insight::figures::Count;
use crate::insight::span::{Days, MOST_DAYS};

/// Days of a span when nothing is said.
const USUAL_DAYS: i32 = 30;

/// Which days and what of them. Days are the street's.
#[derive(Debug, Default, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// The first day; thirty days up to the last when absent.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day, included; today when absent.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
    /// Only this channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// Only `resident` or `gridworker`.
    #[serde(default)]
    pub audience: Option<String>,
    /// Only this community; conversations have no place and are left out.
    #[serde(default)]
    pub community: Option<String>,
    /// Only the grid with this code; conversations have no place and are left out.
    #[serde(default)]
    pub grid: Option<String>,
}

/// Days, both included.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpanView {
    /// The first.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// The last.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    /// How many.
    pub days: i32,
    /// As people read it.
    pub words: String,
}

impl From<Days> for SpanView {
    fn from(days: Days) -> Self {
        Self { first: days.first, last: days.last, days: days.count(), words: days.in_words() }
    }
}

/// A number; of a rate also that among which it was counted.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CountView {
    /// Rows that are counted.
    pub part: usize,
    /// Among so many; absent on plain counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<usize>,
}

impl From<Count> for CountView {
    fn from(Count { part, whole }: Count) -> Self {
        Self { part, whole }
    }
}

/// The facts of a span and of the span before.
struct Both {
    now: Facts,
    before: Facts,
}

/// Rows of a span, and what is needed to count them.
struct Look {
    days: Days,
    narrowed: Narrowed,
    now: Timestamp,
    zone: TimeZone,
}

/// Names that every call here takes.
const NAMES: [&str; 6] = ["from", "until", "channel", "audience", "community", "grid"];

/// Reads a part of a query. A name that the call does not take is refused: a condition that is silently dropped would give
/// another number than the one that was asked for.
fn asked<T: DeserializeOwned>(uri: &Uri, more: &[&str]) -> Result<T, Problem> {
    let wrong = |words: String| Problem::new(Code::InvalidParameter).detail(words);
    let names = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    for (name, _) in names {
        if !NAMES.contains(&&*name) && !more.contains(&&*name) {
            return Err(wrong(format!("不认识的条件 {name}")));
        }
    }
    let Query(asked) = Query::try_from_uri(uri).map_err(|_| wrong("条件写得不对：日期写作2026-06-09".to_owned()))?;
    Ok(asked)
}

impl Look {
    fn new(api: &Api, asked: Asked) -> Result<Self, Problem> {
        let zone = api.conversations.street().zone.clone();
        let now = api.clock.now();
        let Asked { from, until, channel, audience, community, grid } = asked;
        let last = until.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
        let first = from.unwrap_or_else(|| last.saturating_sub(jiff::Span::new().days(USUAL_DAYS - 1)));
        let days = Days::new(first, last)
            .ok_or_else(|| Problem::new(Code::InvalidParameter).detail(format!("开始日期不能晚于结束日期，最多{MOST_DAYS}天")))?;
        let text = |t: Option<String>| t.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let narrowed =
            Narrowed { channel: text(channel), audience: text(audience), community: text(community), grid: text(grid) };
        Ok(Self { days, narrowed, now, zone })
    }

    /// The facts of these days, as the caller may see them.
    async fn facts(&self, api: &Api, caller: &Caller, days: Days) -> Result<Facts, Problem> {
        let (from, until) =
            days.instants(&self.zone).map_err(|_| Problem::new(Code::InvalidParameter).detail("日期太早或太晚"))?;
        let facts = api.insight.facts(from, until).await.map_err(|e| Problem::unavailable(&e))?;
        Ok(facts.narrowed(&self.narrowed, |community, grid| caller.scope.covers(community, grid)))
    }

    /// The facts of these days and of as many before.
    async fn both(&self, api: &Api, caller: &Caller) -> Result<Both, Problem> {
        Ok(Both { now: self.facts(api, caller, self.days).await?, before: self.facts(api, caller, self.days.before()).await? })
    }

    /// The span in words, with what it is narrowed to.
    fn words(&self, caller: &Caller) -> String {
        let mut words = vec![self.days.in_words()];
        let Narrowed { channel, audience, community, grid } = &self.narrowed;
        let audience = audience.as_deref().map(|a| if a == "gridworker" { "网格员" } else { "居民" });
        for (title, value) in
            [("渠道", channel.as_deref()), ("使用者", audience), ("社区", community.as_deref()), ("网格", grid.as_deref())]
        {
            words.extend(value.map(|v| format!("{title}：{v}")));
        }
        if !caller.scope.is_everything() {
            words.push("工单和推送只含本账号的范围".to_owned());
        }
        words.join("，")
    }
}
