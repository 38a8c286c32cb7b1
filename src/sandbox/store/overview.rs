//! What the board reads: the incidents by need, the figures on top, the duty list.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{COLUMNS, Incident, Store, incident};
use crate::sandbox::SandboxError;
use crate::sandbox::moves::State;

/// How an incident stands with its next deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Pace {
    /// The next deadline has passed.
    Overdue,
    /// The last quarter of its time runs, at most the last day.
    Soon,
    /// There is time.
    InTime,
}

impl Pace {
    /// The word in the interface.
    pub(in crate::sandbox) const fn word(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Soon => "soon",
            Self::InTime => "in_time",
        }
    }

    /// The pace behind a word.
    pub(in crate::sandbox) fn from_word(word: &str) -> Option<Self> {
        [Self::Overdue, Self::Soon, Self::InTime].into_iter().find(|p| p.word() == word)
    }
}

/// Which incidents the board wants to see; what is not named does not matter.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct Filter {
    pub state: Option<State>,
    pub section: Option<String>,
    pub post: Option<String>,
    pub pace: Option<Pace>,
    /// Only those whose further extension waits for the leader.
    pub asked: bool,
}

/// The figures on top, over everything that is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::sandbox) struct Overview {
    pub total: i64,
    /// Nobody has accepted it yet.
    pub waiting: i64,
    /// Accepted and not resolved.
    pub working: i64,
    pub overdue: i64,
    pub soon: i64,
    /// The command centre has to review a return.
    pub returned: i64,
    /// The leader has to decide about a further extension.
    pub asked: i64,
    /// Resolved, closed, merged.
    pub ended: i64,
    /// Lost on purpose.
    pub lost: i64,
}

/// Until when the next thing must happen: acceptance first, then resolution; nothing when it has ended.
const NEXT: &str = "(CASE WHEN state IN ('resolved', 'merged', 'closed') THEN NULL \
                    WHEN accepted_at IS NULL THEN MIN(accept_by, COALESCE(resolve_by, accept_by)) ELSE resolve_by END)";

/// The pace at time `$1` as a word, by [`NEXT`].
fn pace() -> String {
    format!(
        "(CASE WHEN {NEXT} IS NULL THEN NULL WHEN {NEXT} < $1 THEN 'overdue' \
         WHEN $1 >= {NEXT} - MAX(0, MIN(({NEXT} - round_at) / 4, 86400000)) THEN 'soon' ELSE 'in_time' END)"
    )
}

/// The incidents that a filter leaves: `$2` state, `$3` pace, `$4` section, `$5` post, `$6` only what waits for the leader.
fn chosen() -> String {
    format!(
        "($2 IS NULL OR state = $2) AND ($3 IS NULL OR {} = $3) AND ($4 IS NULL OR section = $4) \
         AND ($5 IS NULL OR post = $5) AND (NOT $6 OR asked_until IS NOT NULL)",
        pace()
    )
}

impl Store {
    /// What has the nearest deadline first, so what is overdue stands on top; what has none and what has ended comes
    /// after, newest first. At most `limit`.
    pub(in crate::sandbox) async fn list(
        &self,
        filter: &Filter,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Incident>, SandboxError> {
        let order =
            format!("state IN ('resolved', 'merged', 'closed'), {NEXT} IS NULL, {NEXT}, updated_at DESC, external_no DESC");
        // Chosen by the index alone; only what is shown is read whole.
        let sql = format!(
            "WITH chosen AS (SELECT external_no AS chosen_no FROM incident WHERE {} ORDER BY {order} LIMIT $7) \
             SELECT {COLUMNS} FROM chosen JOIN incident ON external_no = chosen_no ORDER BY {order}",
            chosen()
        );
        // The text is made of this file's constants alone; every value is bound.
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(now.as_millisecond())
            .bind(filter.state.map(State::word))
            .bind(filter.pace.map(Pace::word))
            .bind(filter.section.as_deref())
            .bind(filter.post.as_deref())
            .bind(filter.asked)
            .bind(limit)
            .fetch_all(&self.0)
            .await?;
        rows.iter().map(incident).collect()
    }

    /// How many incidents the filter leaves in each section and post; its own section and post do not count here.
    pub(in crate::sandbox) async fn per_post(
        &self,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<Vec<(String, String, i64)>, SandboxError> {
        let sql = format!(
            "SELECT section, post, COUNT(*) AS n FROM incident WHERE {} GROUP BY section, post ORDER BY section, post",
            chosen()
        );
        let rows: Vec<(String, String, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(now.as_millisecond())
            .bind(filter.state.map(State::word))
            .bind(filter.pace.map(Pace::word))
            .bind(None::<String>)
            .bind(None::<String>)
            .bind(filter.asked)
            .fetch_all(&self.0)
            .await?;
        Ok(rows)
    }

    /// The figures on top.
    pub(in crate::sandbox) async fn overview(&self, now: Timestamp) -> Result<Overview, SandboxError> {
        let sql = format!(
            "SELECT COUNT(*) AS total, \
             COUNT(*) FILTER (WHERE state = 'received') AS waiting, \
             COUNT(*) FILTER (WHERE state IN ('accepted', 'assigned', 'in_progress', 'extended')) AS working, \
             COUNT(*) FILTER (WHERE {pace} = 'overdue') AS overdue, \
             COUNT(*) FILTER (WHERE {pace} = 'soon') AS soon, \
             COUNT(*) FILTER (WHERE state = 'returned') AS returned, \
             COUNT(*) FILTER (WHERE asked_until IS NOT NULL) AS asked, \
             COUNT(*) FILTER (WHERE state IN ('resolved', 'merged', 'closed')) AS ended, \
             (SELECT COUNT(*) FROM lost) AS lost FROM incident",
            pace = pace()
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now.as_millisecond()).fetch_one(&self.0).await?;
        let n = |name: &str| -> Result<i64, sqlx::Error> { SqliteRow::try_get(&row, name) };
        Ok(Overview {
            total: n("total")?,
            waiting: n("waiting")?,
            working: n("working")?,
            overdue: n("overdue")?,
            soon: n("soon")?,
            returned: n("returned")?,
            asked: n("asked")?,
            ended: n("ended")?,
            lost: n("lost")?,
        })
    }

    /// How many incidents are stored, and under how many different idempotency keys.
    pub(in crate::sandbox) async fn counts(&self) -> Result<(u64, u64), SandboxError> {
        let row =
            sqlx::query("SELECT COUNT(*) AS n, COUNT(DISTINCT idempotency_key) AS keys FROM incident").fetch_one(&self.0).await?;
        let (n, keys): (i64, i64) = (row.try_get("n")?, row.try_get("keys")?);
        Ok((n.unsigned_abs(), keys.unsigned_abs()))
    }

    /// Incidents that can still move, the longest untouched first: the hands of the autopilot.
    pub(in crate::sandbox) async fn movable(&self, limit: u32) -> Result<Vec<Incident>, SandboxError> {
        let rows = sqlx::query(super::select("WHERE state NOT IN ('merged', 'closed') ORDER BY updated_at LIMIT $1"))
            .bind(limit)
            .fetch_all(&self.0)
            .await?;
        rows.iter().map(incident).collect()
    }

    /// The posts whose A holder is away, as (section, post).
    pub(in crate::sandbox) async fn away(&self) -> Result<Vec<(String, String)>, SandboxError> {
        Ok(sqlx::query_as("SELECT section, post FROM duty WHERE away ORDER BY section, post").fetch_all(&self.0).await?)
    }

    /// Marks the A holder of a post as away or back.
    pub(in crate::sandbox) async fn set_away(&self, section: &str, post: &str, away: bool) -> Result<(), SandboxError> {
        sqlx::query("INSERT INTO duty (section, post, away) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET away = $3")
            .bind(section)
            .bind(post)
            .bind(away)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// Every post that incidents have been sent to, as (section, post).
    pub(in crate::sandbox) async fn posts(&self) -> Result<Vec<(String, String)>, SandboxError> {
        Ok(sqlx::query_as("SELECT DISTINCT section, post FROM incident ORDER BY section, post").fetch_all(&self.0).await?)
    }
}
