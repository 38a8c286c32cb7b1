//! `SQLite`: one writer, many readers, write-ahead log.
//!
//! There is a single connection that writes, so nobody waits on a lock inside a transaction. Each transaction says
//! how much it must survive: [`Sqlite::durable`] is on disk when it returns (tickets, outbox), [`Sqlite::quick`] survives
//! a killed process but may lose its last moments on power loss (chat).
//!
//! What names a person lies sealed ([`Sealer`]): whole messages, memories and turns of residents, and of a ticket its reporter,
//! door and own words. Each text is sealed for its own row.

pub mod accounts;
mod alarms;
pub mod audit;
mod channels;
mod clock_rows;
mod clocks;
pub mod conversation;
pub mod curated;
pub mod desk;
mod disputes;
mod duties;
mod evidence;
pub mod gaps;
pub mod generations;
pub mod imports;
pub mod incident;
mod insight;
pub mod knowledge;
mod labels;
mod ledgers;
pub mod life;
mod merges;
mod outgoing;
mod past;
pub mod platform;
pub mod question_sets;
mod rows;
pub mod runs;
pub mod sealing;
mod street;
mod ticket_search;
mod turn_log;
pub mod yardstick;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite as Driver, SqlitePool, Transaction};

use crate::core::seal::Sealer;
use crate::incident::clock_store::RulesNow;
use crate::incident::rules::IncidentRules;

/// The service's rows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    reader: SqlitePool,
    sealer: Arc<Sealer>,
    rules: Option<Arc<dyn RulesNow>>,
}

impl Sqlite {
    /// Opens (and creates) the database at `path` and brings its tables up to date. `sealer` holds the keys of what lies sealed
    /// in it; the rest can be read without.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a database, or a migration fails.
    pub async fn open(path: &Path, sealer: Arc<Sealer>) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(256)
            .optimize_on_close(true, None);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(15))
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self { writer, reader, sealer, rules: None })
    }

    /// Keeps the clocks of tickets by these rules. Without them a ticket has only the deadlines that it came with: enough for tools
    /// that read.
    #[must_use]
    pub fn keeping_time(self, rules: Arc<dyn RulesNow>) -> Self {
        Self { rules: Some(rules), ..self }
    }

    fn rules(&self) -> Option<Arc<IncidentRules>> {
        self.rules.as_ref().map(|r| r.rules())
    }

    /// A write transaction that is on disk when its commit returns.
    ///
    /// # Cancel safety
    /// Dropping the transaction before the commit undoes it.
    pub async fn durable(&self) -> Result<Transaction<'_, Driver>, sqlx::Error> {
        self.writer.begin_with("PRAGMA synchronous=FULL; BEGIN IMMEDIATE").await
    }

    /// A write transaction that survives the process, though perhaps not the power.
    ///
    /// # Cancel safety
    /// Dropping the transaction before the commit undoes it.
    pub async fn quick(&self) -> Result<Transaction<'_, Driver>, sqlx::Error> {
        self.writer.begin_with("PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE").await
    }

    /// The keys.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Connections that only read.
    #[must_use]
    pub const fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// Writes the log back into the file and closes every connection.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
