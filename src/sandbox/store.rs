//! The platform's own `SQLite` file: incidents, their history, and the callbacks still to be told.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};

use super::SandboxError;
use super::moves::State;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS counter (day TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS incident (
    external_no TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    place TEXT NOT NULL,
    urgency TEXT NOT NULL,
    section TEXT NOT NULL,
    post TEXT NOT NULL,
    state TEXT NOT NULL,
    handler TEXT,
    received_at INTEGER NOT NULL,
    accept_by INTEGER NOT NULL,
    accepted_at INTEGER,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    reporter TEXT
);
CREATE TABLE IF NOT EXISTS history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    external_no TEXT NOT NULL REFERENCES incident(external_no),
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    note TEXT,
    handler TEXT
);
CREATE INDEX IF NOT EXISTS history_of ON history (external_no, seq);
CREATE TABLE IF NOT EXISTS callback (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL UNIQUE,
    external_no TEXT NOT NULL REFERENCES incident(external_no),
    body TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    delivered_at INTEGER,
    last_error TEXT
);
CREATE INDEX IF NOT EXISTS callback_waiting ON callback (next_at) WHERE delivered_at IS NULL;
";

/// One incident as the board and the interface need it; the pushed body apart.
#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub external_no: String,
    pub idempotency_key: String,
    pub title: String,
    pub place: String,
    pub urgency: String,
    pub section: String,
    pub post: String,
    pub state: State,
    pub handler: Option<String>,
    pub received_at: Timestamp,
    pub accept_by: Timestamp,
    pub accepted_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// What was pushed, without the reporter.
    pub body: Value,
}

/// What is needed to store a new incident.
#[derive(Debug)]
pub(super) struct NewIncident {
    pub idempotency_key: String,
    pub title: String,
    pub place: String,
    pub urgency: String,
    pub section: &'static str,
    pub post: String,
    pub received_at: Timestamp,
    pub accept_by: Timestamp,
    pub body: Value,
    pub reporter: Option<Value>,
    pub webhook_id: String,
}

/// One line of an incident's history.
#[derive(Debug)]
pub(super) struct Step {
    pub at: Timestamp,
    pub state: State,
    pub note: Option<String>,
    pub handler: Option<String>,
}

/// The outcome of storing.
#[derive(Debug)]
pub(super) enum Stored {
    New(Incident),
    Already(Incident),
}

/// The outcome of a move.
#[derive(Debug)]
pub(super) enum Moved {
    Done(Incident),
    Illegal(State),
    Unknown,
}

/// A callback whose time has come.
#[derive(Debug)]
pub(super) struct Waiting {
    pub seq: i64,
    pub webhook_id: String,
    pub body: String,
    pub tries: u32,
}

pub(super) struct Store(SqlitePool);

const COLUMNS: &str = "external_no, idempotency_key, title, place, urgency, section, post, state, handler, \
                       received_at, accept_by, accepted_at, updated_at, body";

impl Store {
    pub(super) async fn open(path: &Path) -> Result<Self, SandboxError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        // One connection: a demonstration needs no parallel reads, and so no write ever meets a lock.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self(pool))
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }

    /// Stores once per idempotency key, with the first line of its history and its first callback.
    pub(super) async fn insert(&self, new: NewIncident, tz: &TimeZone) -> Result<Stored, SandboxError> {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let known = sqlx::query(select("WHERE idempotency_key = $1")).bind(&new.idempotency_key).fetch_optional(&mut *tx).await?;
        if let Some(row) = known {
            return Ok(Stored::Already(incident(&row)?));
        }
        let day = new.received_at.to_zoned(tz.clone()).strftime("%Y%m%d").to_string();
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO counter (day, last) VALUES ($1, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last",
        )
        .bind(&day)
        .fetch_one(&mut *tx)
        .await?;
        let external_no = format!("PT{day}{number:05}");
        let at = new.received_at.as_millisecond();
        sqlx::query(
            "INSERT INTO incident (external_no, idempotency_key, title, place, urgency, section, post, state, \
             received_at, accept_by, updated_at, body, reporter) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(&external_no)
        .bind(&new.idempotency_key)
        .bind(&new.title)
        .bind(&new.place)
        .bind(&new.urgency)
        .bind(new.section)
        .bind(&new.post)
        .bind(State::Received.word())
        .bind(at)
        .bind(new.accept_by.as_millisecond())
        .bind(at)
        .bind(new.body.to_string())
        .bind(new.reporter.as_ref().map(Value::to_string))
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query(select("WHERE external_no = $1")).bind(&external_no).fetch_one(&mut *tx).await?;
        let stored = incident(&row)?;
        record(&mut tx, &stored, new.received_at, None, None, &new.webhook_id, tz).await?;
        tx.commit().await?;
        Ok(Stored::New(stored))
    }

    pub(super) async fn by_key(&self, key: &str) -> Result<Option<Incident>, SandboxError> {
        let row = sqlx::query(select("WHERE idempotency_key = $1")).bind(key).fetch_optional(&self.0).await?;
        row.as_ref().map(incident).transpose()
    }

    pub(super) async fn by_number(&self, external_no: &str) -> Result<Option<Incident>, SandboxError> {
        let row = sqlx::query(select("WHERE external_no = $1")).bind(external_no).fetch_optional(&self.0).await?;
        row.as_ref().map(incident).transpose()
    }

    /// Newest first, at most `limit`.
    pub(super) async fn list(&self, state: Option<State>, limit: u32) -> Result<Vec<Incident>, SandboxError> {
        let rows = sqlx::query(select("WHERE ($1 IS NULL OR state = $1) ORDER BY received_at DESC, external_no DESC LIMIT $2"))
            .bind(state.map(State::word))
            .bind(limit)
            .fetch_all(&self.0)
            .await?;
        rows.iter().map(incident).collect()
    }

    pub(super) async fn history(&self, external_no: &str) -> Result<Vec<Step>, SandboxError> {
        let rows = sqlx::query("SELECT at, state, note, handler FROM history WHERE external_no = $1 ORDER BY seq")
            .bind(external_no)
            .fetch_all(&self.0)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Step {
                    at: time(row.try_get("at")?)?,
                    state: state(row.try_get("state")?)?,
                    note: row.try_get("note")?,
                    handler: row.try_get("handler")?,
                })
            })
            .collect()
    }

    /// The reporter block as pushed; `None` when the incident is unknown or brought none.
    pub(super) async fn reporter(&self, external_no: &str) -> Result<Option<Value>, SandboxError> {
        let text: Option<Option<String>> = sqlx::query_scalar("SELECT reporter FROM incident WHERE external_no = $1")
            .bind(external_no)
            .fetch_optional(&self.0)
            .await?;
        text.flatten().map(|t| serde_json::from_str(&t).map_err(|e| SandboxError::Corrupt(e.to_string()))).transpose()
    }

    /// Makes a move when it is legal, with its line in the history and its callback.
    #[expect(clippy::too_many_arguments, reason = "one move is one row of values")]
    pub(super) async fn make_move(
        &self,
        external_no: &str,
        step: super::Move,
        note: Option<&str>,
        handler: Option<&str>,
        at: Timestamp,
        webhook_id: &str,
        tz: &TimeZone,
    ) -> Result<Moved, SandboxError> {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query(select("WHERE external_no = $1")).bind(external_no).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return Ok(Moved::Unknown) };
        let mut it = incident(&row)?;
        if !step.allowed_in(it.state) {
            return Ok(Moved::Illegal(it.state));
        }
        it.state = step.leads_to();
        // Two moves in one millisecond keep their order in time.
        let at = at.max(it.updated_at.saturating_add(jiff::SignedDuration::from_millis(1)).unwrap_or(at));
        it.updated_at = at;
        if it.accepted_at.is_none() && it.state == State::Accepted {
            it.accepted_at = Some(at);
        }
        if let Some(handler) = handler {
            it.handler = Some(handler.to_owned());
        }
        sqlx::query("UPDATE incident SET state = $2, updated_at = $3, accepted_at = $4, handler = $5 WHERE external_no = $1")
            .bind(external_no)
            .bind(it.state.word())
            .bind(at.as_millisecond())
            .bind(it.accepted_at.map(Timestamp::as_millisecond))
            .bind(it.handler.as_deref())
            .execute(&mut *tx)
            .await?;
        record(&mut tx, &it, at, note, handler, webhook_id, tz).await?;
        tx.commit().await?;
        Ok(Moved::Done(it))
    }

    /// Callbacks that are due: for each incident only the oldest one that is not delivered, so that order is kept.
    pub(super) async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Waiting>, SandboxError> {
        let rows = sqlx::query(
            "SELECT seq, webhook_id, body, tries FROM callback AS c WHERE delivered_at IS NULL AND next_at <= $1 \
             AND NOT EXISTS (SELECT 1 FROM callback AS p WHERE p.external_no = c.external_no \
                             AND p.delivered_at IS NULL AND p.seq < c.seq) \
             ORDER BY seq LIMIT $2",
        )
        .bind(now.as_millisecond())
        .bind(limit)
        .fetch_all(&self.0)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Waiting {
                    seq: row.try_get("seq")?,
                    webhook_id: row.try_get("webhook_id")?,
                    body: row.try_get("body")?,
                    tries: row.try_get("tries")?,
                })
            })
            .collect()
    }

    pub(super) async fn told(&self, seq: i64, at: Timestamp) -> Result<(), SandboxError> {
        sqlx::query("UPDATE callback SET delivered_at = $2, tries = tries + 1, last_error = NULL WHERE seq = $1")
            .bind(seq)
            .bind(at.as_millisecond())
            .execute(&self.0)
            .await?;
        Ok(())
    }

    pub(super) async fn not_told(&self, seq: i64, again_at: Timestamp, why: &str) -> Result<(), SandboxError> {
        sqlx::query("UPDATE callback SET next_at = $2, tries = tries + 1, last_error = $3 WHERE seq = $1")
            .bind(seq)
            .bind(again_at.as_millisecond())
            .bind(why)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    pub(super) async fn pending_callbacks(&self) -> Result<u64, SandboxError> {
        let n: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM callback WHERE delivered_at IS NULL").fetch_one(&self.0).await?;
        Ok(n.unsigned_abs())
    }

    pub(super) async fn counts(&self) -> Result<(u64, u64), SandboxError> {
        let row =
            sqlx::query("SELECT COUNT(*) AS n, COUNT(DISTINCT idempotency_key) AS keys FROM incident").fetch_one(&self.0).await?;
        let (n, keys): (i64, i64) = (row.try_get("n")?, row.try_get("keys")?);
        Ok((n.unsigned_abs(), keys.unsigned_abs()))
    }
}

/// A line of history and the callback that tells it, in the caller's transaction.
async fn record(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    it: &Incident,
    at: Timestamp,
    note: Option<&str>,
    handler: Option<&str>,
    webhook_id: &str,
    tz: &TimeZone,
) -> Result<(), SandboxError> {
    sqlx::query("INSERT INTO history (external_no, at, state, note, handler) VALUES ($1, $2, $3, $4, $5)")
        .bind(&it.external_no)
        .bind(at.as_millisecond())
        .bind(it.state.word())
        .bind(note)
        .bind(handler)
        .execute(&mut **tx)
        .await?;
    let mut body = serde_json::json!({
        "external_no": it.external_no,
        "idempotency_key": it.idempotency_key,
        "status": it.state.word(),
        "at": super::api::shown(at, tz),
    });
    if let Some(note) = note {
        body["note"] = note.into();
    }
    if let Some(handler) = handler {
        body["handler"] = handler.into();
    }
    sqlx::query("INSERT INTO callback (webhook_id, external_no, body, next_at) VALUES ($1, $2, $3, $4)")
        .bind(webhook_id)
        .bind(&it.external_no)
        .bind(body.to_string())
        .bind(at.as_millisecond())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// `tail` is always one of this file's own constants.
fn select(tail: &'static str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM incident {tail}"))
}

fn incident(row: &SqliteRow) -> Result<Incident, SandboxError> {
    let body: String = row.try_get("body")?;
    Ok(Incident {
        external_no: row.try_get("external_no")?,
        idempotency_key: row.try_get("idempotency_key")?,
        title: row.try_get("title")?,
        place: row.try_get("place")?,
        urgency: row.try_get("urgency")?,
        section: row.try_get("section")?,
        post: row.try_get("post")?,
        state: state(row.try_get("state")?)?,
        handler: row.try_get("handler")?,
        received_at: time(row.try_get("received_at")?)?,
        accept_by: time(row.try_get("accept_by")?)?,
        accepted_at: row.try_get::<Option<i64>, _>("accepted_at")?.map(time).transpose()?,
        updated_at: time(row.try_get("updated_at")?)?,
        body: serde_json::from_str(&body).map_err(|e| SandboxError::Corrupt(e.to_string()))?,
    })
}

fn state(word: String) -> Result<State, SandboxError> {
    State::from_word(&word).ok_or(SandboxError::Corrupt(word))
}

fn time(ms: i64) -> Result<Timestamp, SandboxError> {
    Timestamp::from_millisecond(ms).map_err(|e| SandboxError::Corrupt(e.to_string()))
}
