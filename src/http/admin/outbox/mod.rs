//! `/api/v1/admin/outbox`: what waits for the platforms, what they refused, put right, sent again, done by hand, carried out of the house.

pub mod by_hand;
pub mod export;
pub mod get;
pub mod list;
pub mod replay;

use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::incident::store::StoreError;
use crate::platform::desk::RowQuery;
use crate::platform::outbox::RowState;

/// What is looked for; all that is given must fit.
#[derive(Debug, Default, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OutboxFilter {
    /// `pending`, `delivered` or `dead`; several with commas; all when absent.
    #[serde(default)]
    pub state: Option<String>,
    /// To this platform.
    #[serde(default)]
    pub destination: Option<String>,
    /// Of this ticket.
    #[serde(default)]
    pub number: Option<String>,
    /// `incident`, `update` or `attachment`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Words in the reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// Older than the row of this id: `next_before` of the page before.
    #[serde(default)]
    pub before: Option<i64>,
    /// Rows of one page, at most 500; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl OutboxFilter {
    fn query(&self, limit: u32) -> Result<RowQuery, Problem> {
        let text = |t: &Option<String>| t.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
        let words = text(&self.state).unwrap_or_default();
        let states = words.split(',').map(str::trim).filter(|w| !w.is_empty()).map(|w| {
            RowState::from_word(w).ok_or_else(|| Problem::new(Code::InvalidParameter).detail(format!("没有“{w}”这种状态")))
        });
        Ok(RowQuery {
            states: states.collect::<Result<_, _>>()?,
            destination: text(&self.destination),
            number: text(&self.number),
            kind: text(&self.kind),
            reason: text(&self.reason),
            before_id: self.before,
            limit,
        })
    }
}

fn refusal(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound(_) => Problem::new(Code::NotFound).detail("没有这条推送记录"),
        StoreError::Invalid(why) => Problem::new(Code::Conflict).detail(why),
        other => Problem::unavailable(&other),
    }
}

fn row_id(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound).detail("没有这条推送记录"))
}

/// The row that a person means, when it is there.
async fn known(api: &Api, id: &str) -> Result<(crate::platform::outbox::OutboxRow, crate::platform::outbox::Parcel), Problem> {
    let found = api.delivery.desk.parcel(row_id(id)?).await.map_err(refusal)?;
    found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这条推送记录"))
}
