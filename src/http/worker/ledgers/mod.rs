//! `/api/v1/worker/ledgers`: 台账 of the caller's part of the street and the visits to it. The rules are `incident::ledger`.

pub mod attachments;
pub mod get;
pub mod import;
pub mod list;
pub mod reported;
pub mod visit;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::callers;
use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::ledger::{Entry, Visit, VisitResult};
use crate::incident::ticket::Point;

/// Something that is visited again and again.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerEntry {
    /// Its id.
    pub id: Uuid,
    /// 独居老人, 外墙瓷砖 …
    pub kind: String,
    /// Number of its file.
    pub number: String,
    /// The community it lies in.
    pub community: String,
    /// The grid that answers for it.
    pub grid_code: String,
    /// Where.
    pub place: String,
    /// What whoever comes should know.
    pub details: String,
    /// On the map.
    pub point: Option<Point>,
    /// Days from one visit to the next.
    pub interval_days: u16,
    /// The day of the next visit.
    #[schema(value_type = String, format = Date)]
    pub next_due: Date,
    /// Days until then; negative = it is late.
    pub days_left: i32,
    /// It was made up for showing.
    pub sample: bool,
}

impl LedgerEntry {
    fn new(entry: Entry, today: Date) -> Self {
        let days_left = today.until(entry.next_due).map_or(0, |span| span.get_days());
        Self {
            id: entry.id,
            kind: entry.kind,
            number: entry.number,
            community: entry.community,
            grid_code: entry.grid_code,
            place: entry.matter.place,
            details: entry.matter.details,
            point: entry.matter.point,
            interval_days: entry.interval_days,
            next_due: entry.next_due,
            days_left,
            sample: entry.sample,
        }
    }
}

/// A visit that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerVisit {
    /// Its id.
    pub id: Uuid,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// As which post.
    pub by: String,
    /// How it went.
    pub result: VisitResult,
    /// In words.
    pub note: Option<String>,
    /// Ids of photos.
    pub attachments: Vec<Uuid>,
    /// Number of the ticket that came of it.
    pub ticket: Option<String>,
}

impl From<Visit> for LedgerVisit {
    fn from(visit: Visit) -> Self {
        let Visit { id, entry: _, at, account: _, by, result, note, attachments, ticket } = visit;
        Self { id, at, by, result, note, attachments, ticket }
    }
}

/// The entry, when it lies in the caller's part of the street. What is outside does not exist for them.
async fn own(api: &Api, caller: &Caller, id: &str) -> Result<Entry, Problem> {
    let missing = || Problem::new(Code::NotFound).detail("没有这条台账");
    let id = callers::id(id).map_err(|_| missing())?;
    let entry = api.ledgers.entry(id).await.map_err(refusal)?.ok_or_else(missing)?;
    if caller.scope.covers(&entry.community, &entry.grid_code) { Ok(entry) } else { Err(missing()) }
}

/// Today in the street.
fn today(api: &Api) -> Date {
    api.rules.load().day(api.clock.now())
}
