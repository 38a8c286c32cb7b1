//! The platform's own `SQLite` file: incidents and their history here; beside it the callbacks still to be told, the
//! events and attachments that came in, everything as it arrived, and what the board reads.

mod arrivals;
mod callbacks;
mod events;
mod incidents;
mod overview;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};

use super::SandboxError;
use super::moves::State;

pub(super) use arrivals::{Arrival, Attachment, NewAttachment};
pub(super) use callbacks::Waiting;
pub(super) use events::{Effect, NewEvent, Told};
pub(super) use incidents::{Act, Moved, NewIncident, Stored};
pub(super) use overview::{Filter, Overview, Pace};

/// The first shape, as it has been on disks since the first version.
const FIRST: &str = "
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

/// Each step brings a file from its `user_version` to the next one.
const STEPS: [&str; 1] = ["
ALTER TABLE incident ADD COLUMN resolve_by INTEGER;
ALTER TABLE incident ADD COLUMN resolved_at INTEGER;
ALTER TABLE incident ADD COLUMN basis TEXT;
ALTER TABLE incident ADD COLUMN round INTEGER NOT NULL DEFAULT 1;
ALTER TABLE incident ADD COLUMN round_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incident ADD COLUMN people INTEGER NOT NULL DEFAULT 1;
ALTER TABLE incident ADD COLUMN affected INTEGER;
ALTER TABLE incident ADD COLUMN returns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incident ADD COLUMN extensions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incident ADD COLUMN asked_until INTEGER;
ALTER TABLE incident ADD COLUMN asked_note TEXT;
ALTER TABLE incident ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incident ADD COLUMN note TEXT;
UPDATE incident SET round_at = received_at, extensions = (state = 'extended');
CREATE INDEX incident_need ON incident (
    state, section, post, accept_by, accepted_at, resolve_by, round_at, asked_until, updated_at, external_no
);
CREATE INDEX incident_movable ON incident (updated_at) WHERE state NOT IN ('merged', 'closed');
ALTER TABLE history ADD COLUMN what TEXT;
ALTER TABLE callback ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX callback_of ON callback (external_no, seq) WHERE delivered_at IS NULL;
CREATE TABLE duty (
    section TEXT NOT NULL,
    post TEXT NOT NULL,
    away INTEGER NOT NULL,
    PRIMARY KEY (section, post)
);
CREATE TABLE event (
    event_id TEXT PRIMARY KEY,
    external_no TEXT NOT NULL REFERENCES incident(external_no),
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    answer TEXT NOT NULL
);
CREATE INDEX event_of ON event (external_no);
CREATE TABLE attachment (
    external_no TEXT NOT NULL REFERENCES incident(external_no),
    attachment_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (external_no, attachment_id)
);
CREATE TABLE arrival (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX arrival_of ON arrival (idempotency_key, seq);
CREATE TABLE lost (external_no TEXT PRIMARY KEY, idempotency_key TEXT NOT NULL, at INTEGER NOT NULL);
"];

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
    /// Who made the newest state, as a post title.
    pub handler: Option<String>,
    /// What was said with the newest state.
    pub note: Option<String>,
    pub received_at: Timestamp,
    pub accept_by: Timestamp,
    pub accepted_at: Option<Timestamp>,
    pub resolve_by: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    /// What the deadlines rest on, in the reporting system's words.
    pub basis: Option<String>,
    /// 1, and one more each time it was opened again.
    pub round: u32,
    /// Since when this round of handling runs.
    pub round_at: Timestamp,
    /// How many residents stand behind it.
    pub people: u32,
    /// How many suffer from it, as told.
    pub affected: Option<u32>,
    /// How often it was returned.
    pub returns: u32,
    /// How often this round was extended.
    pub extensions: u32,
    /// A further extension that waits for the leader: until when, and why.
    pub asked: Option<(Timestamp, String)>,
    /// Taken back by its reporter.
    pub withdrawn: bool,
    /// Since when it is in its state.
    pub updated_at: Timestamp,
    /// What was pushed, without the reporter.
    pub body: Value,
}

/// One line of an incident's history.
#[derive(Debug)]
pub(super) struct Step {
    pub at: Timestamp,
    /// The state after it.
    pub state: State,
    /// The move or the event, by its word; lines written by older versions have none.
    pub what: Option<String>,
    pub note: Option<String>,
    pub handler: Option<String>,
}

pub(super) struct Store(SqlitePool);

const COLUMNS: &str = "external_no, idempotency_key, title, place, urgency, section, post, state, handler, note, \
                       received_at, accept_by, accepted_at, resolve_by, resolved_at, basis, round, round_at, people, \
                       affected, returns, extensions, asked_until, asked_note, withdrawn, updated_at, body";

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
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await?;
        let done = usize::try_from(version).unwrap_or_default();
        if done > STEPS.len() {
            return Err(SandboxError::Corrupt(format!("user_version {version}")));
        }
        if done == 0 {
            sqlx::raw_sql(FIRST).execute(&mut *tx).await?;
        }
        for (n, step) in STEPS.iter().enumerate().skip(done) {
            sqlx::raw_sql(*step).execute(&mut *tx).await?;
            // A pragma takes no parameters; the number is our own.
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", n + 1))).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Self(pool))
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }

    pub(super) async fn by_key(&self, key: &str) -> Result<Option<Incident>, SandboxError> {
        let row = sqlx::query(select("WHERE idempotency_key = $1")).bind(key).fetch_optional(&self.0).await?;
        row.as_ref().map(incident).transpose()
    }

    pub(super) async fn by_number(&self, external_no: &str) -> Result<Option<Incident>, SandboxError> {
        let row = sqlx::query(select("WHERE external_no = $1")).bind(external_no).fetch_optional(&self.0).await?;
        row.as_ref().map(incident).transpose()
    }

    pub(super) async fn history(&self, external_no: &str) -> Result<Vec<Step>, SandboxError> {
        let rows = sqlx::query("SELECT at, state, what, note, handler FROM history WHERE external_no = $1 ORDER BY seq")
            .bind(external_no)
            .fetch_all(&self.0)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Step {
                    at: time(row.try_get("at")?)?,
                    state: state(row.try_get("state")?)?,
                    what: row.try_get("what")?,
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
        text.flatten().map(|t| json(&t)).transpose()
    }
}

type Tx<'a> = sqlx::Transaction<'a, sqlx::Sqlite>;

/// The incident as it is inside a transaction.
async fn locked(tx: &mut Tx<'_>, key: &str) -> Result<Option<Incident>, SandboxError> {
    let row = sqlx::query(select("WHERE idempotency_key = $1")).bind(key).fetch_optional(&mut **tx).await?;
    row.as_ref().map(incident).transpose()
}

/// Writes everything of an incident that moves and events change.
async fn write(tx: &mut Tx<'_>, it: &Incident) -> Result<(), SandboxError> {
    let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
    sqlx::query(
        "UPDATE incident SET section = $2, post = $3, state = $4, handler = $5, note = $6, accept_by = $7, accepted_at = $8, \
         resolve_by = $9, resolved_at = $10, basis = $11, round = $12, round_at = $13, people = $14, affected = $15, \
         returns = $16, extensions = $17, asked_until = $18, asked_note = $19, withdrawn = $20, updated_at = $21 \
         WHERE external_no = $1",
    )
    .bind(&it.external_no)
    .bind(&it.section)
    .bind(&it.post)
    .bind(it.state.word())
    .bind(it.handler.as_deref())
    .bind(it.note.as_deref())
    .bind(it.accept_by.as_millisecond())
    .bind(ms(it.accepted_at))
    .bind(ms(it.resolve_by))
    .bind(ms(it.resolved_at))
    .bind(it.basis.as_deref())
    .bind(it.round)
    .bind(it.round_at.as_millisecond())
    .bind(it.people)
    .bind(it.affected)
    .bind(it.returns)
    .bind(it.extensions)
    .bind(it.asked.as_ref().map(|(until, _)| until.as_millisecond()))
    .bind(it.asked.as_ref().map(|(_, note)| note.as_str()))
    .bind(it.withdrawn)
    .bind(it.updated_at.as_millisecond())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A line of history, in the caller's transaction.
async fn note_down(
    tx: &mut Tx<'_>,
    it: &Incident,
    at: Timestamp,
    what: &str,
    note: Option<&str>,
    handler: Option<&str>,
) -> Result<(), SandboxError> {
    sqlx::query("INSERT INTO history (external_no, at, state, what, note, handler) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&it.external_no)
        .bind(at.as_millisecond())
        .bind(it.state.word())
        .bind(what)
        .bind(note)
        .bind(handler)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// `tail` is always one of this room's own constants.
fn select(tail: &'static str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM incident {tail}"))
}

fn incident(row: &SqliteRow) -> Result<Incident, SandboxError> {
    let body: String = row.try_get("body")?;
    let when = |name: &str| row.try_get::<Option<i64>, _>(name).map_err(SandboxError::from)?.map(time).transpose();
    let asked = match (when("asked_until")?, row.try_get::<Option<String>, _>("asked_note")?) {
        (Some(until), note) => Some((until, note.unwrap_or_default())),
        (None, _) => None,
    };
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
        note: row.try_get("note")?,
        received_at: time(row.try_get("received_at")?)?,
        accept_by: time(row.try_get("accept_by")?)?,
        accepted_at: when("accepted_at")?,
        resolve_by: when("resolve_by")?,
        resolved_at: when("resolved_at")?,
        basis: row.try_get("basis")?,
        round: row.try_get("round")?,
        round_at: time(row.try_get("round_at")?)?,
        people: row.try_get("people")?,
        affected: row.try_get("affected")?,
        returns: row.try_get("returns")?,
        extensions: row.try_get("extensions")?,
        asked,
        withdrawn: row.try_get("withdrawn")?,
        updated_at: time(row.try_get("updated_at")?)?,
        body: json(&body)?,
    })
}

fn state(word: String) -> Result<State, SandboxError> {
    State::from_word(&word).ok_or(SandboxError::Corrupt(word))
}

fn time(ms: i64) -> Result<Timestamp, SandboxError> {
    Timestamp::from_millisecond(ms).map_err(|e| SandboxError::Corrupt(e.to_string()))
}

fn json(text: &str) -> Result<Value, SandboxError> {
    serde_json::from_str(text).map_err(|e| SandboxError::Corrupt(e.to_string()))
}
