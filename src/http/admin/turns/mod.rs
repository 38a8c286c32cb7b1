//! `/api/v1/admin/turns`: what was asked and how it went, personal data replaced, never who asked. One file per verb; the rules are
//! `conversation::log`.

pub mod export;
pub mod get;
pub mod list;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::conversation::log::{Answered, LogFilter, Verdict};
use crate::conversation::outcome::Route;
use crate::conversation::store::Audience;
use crate::http::problem::{Code, Problem};

/// Which turns.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TurnFilter {
    /// Words in the question or the answer; all of them must be there.
    pub q: Option<String>,
    /// First day.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// The way they went.
    pub route: Option<Route>,
    /// How they were answered.
    pub answered: Option<Answered>,
    /// What was said of the answer.
    #[param(inline)]
    pub verdict: Option<Verdict>,
    /// Where they came in.
    pub channel: Option<String>,
    /// `resident` or `gridworker`.
    pub audience: Option<Audience>,
    /// Oldest first.
    #[serde(default)]
    pub ascending: bool,
    /// From 1.
    pub page: Option<u32>,
    /// Turns of a page, at most 100.
    pub size: Option<u32>,
}

impl TurnFilter {
    fn filter(&self, zone: &TimeZone) -> Result<LogFilter, Problem> {
        let begin = |day: Date| -> Result<Timestamp, Problem> {
            let at = day.to_zoned(zone.clone()).map_err(|_| Problem::new(Code::InvalidParameter).detail("日期不对"))?;
            Ok(at.timestamp())
        };
        let after = self.to.map(|day| day.checked_add(1.day())).transpose();
        let after = after.map_err(|_| Problem::new(Code::InvalidParameter).detail("日期不对"))?;
        Ok(LogFilter {
            from: self.from.map(begin).transpose()?,
            until: after.map(begin).transpose()?,
            route: self.route,
            answered: self.answered,
            verdict: self.verdict,
            channel: self.channel.clone().filter(|c| !c.is_empty()),
            audience: self.audience,
            turn: None,
            ascending: self.ascending,
        })
    }

    fn words(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }
}
