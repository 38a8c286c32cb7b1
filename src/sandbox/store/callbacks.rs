//! The callbacks still to be told.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::Row as _;

use super::{Incident, Store, Tx};
use crate::sandbox::SandboxError;
use crate::sandbox::api::shown;

/// A callback whose time has come.
#[derive(Debug)]
pub(in crate::sandbox) struct Waiting {
    pub seq: i64,
    pub webhook_id: String,
    pub body: String,
    pub tries: u32,
    /// It has been held back, so that later ones may overtake it.
    pub held: bool,
}

impl Store {
    /// Callbacks that are due: for each incident only the oldest one that is not delivered, so that order is kept; those
    /// that are held back on purpose keep nobody waiting.
    pub(in crate::sandbox) async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Waiting>, SandboxError> {
        let rows = sqlx::query(
            "SELECT seq, webhook_id, body, tries, held FROM callback AS c WHERE delivered_at IS NULL AND next_at <= $1 \
             AND NOT EXISTS (SELECT 1 FROM callback AS p WHERE p.external_no = c.external_no \
                             AND p.delivered_at IS NULL AND p.held = 0 AND p.seq < c.seq) \
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
                    held: row.try_get("held")?,
                })
            })
            .collect()
    }

    /// Holds a callback back until `until`; later ones may overtake it.
    pub(in crate::sandbox) async fn hold(&self, seq: i64, until: Timestamp) -> Result<(), SandboxError> {
        sqlx::query("UPDATE callback SET held = 1, next_at = $2 WHERE seq = $1")
            .bind(seq)
            .bind(until.as_millisecond())
            .execute(&self.0)
            .await?;
        Ok(())
    }

    pub(in crate::sandbox) async fn told(&self, seq: i64, at: Timestamp) -> Result<(), SandboxError> {
        sqlx::query("UPDATE callback SET delivered_at = $2, tries = tries + 1, last_error = NULL WHERE seq = $1")
            .bind(seq)
            .bind(at.as_millisecond())
            .execute(&self.0)
            .await?;
        Ok(())
    }

    pub(in crate::sandbox) async fn not_told(&self, seq: i64, again_at: Timestamp, why: &str) -> Result<(), SandboxError> {
        sqlx::query("UPDATE callback SET next_at = $2, tries = tries + 1, last_error = $3 WHERE seq = $1")
            .bind(seq)
            .bind(again_at.as_millisecond())
            .bind(why)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    pub(in crate::sandbox) async fn pending_callbacks(&self) -> Result<u64, SandboxError> {
        let n: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM callback WHERE delivered_at IS NULL").fetch_one(&self.0).await?;
        Ok(n.unsigned_abs())
    }
}

/// Queues the callback that tells an incident's newest state, in the caller's transaction.
pub(super) async fn queue(
    tx: &mut Tx<'_>,
    it: &Incident,
    webhook_id: &str,
    until: Option<Timestamp>,
    tz: &TimeZone,
) -> Result<(), SandboxError> {
    let mut body = serde_json::json!({
        "external_no": it.external_no,
        "idempotency_key": it.idempotency_key,
        "status": it.state.word(),
        "at": shown(it.updated_at, tz),
    });
    if let Some(note) = &it.note {
        body["note"] = note.as_str().into();
    }
    if let Some(handler) = &it.handler {
        body["handler"] = handler.as_str().into();
    }
    if let Some(until) = until {
        body["until"] = shown(until, tz).into();
    }
    sqlx::query("INSERT INTO callback (webhook_id, external_no, body, next_at) VALUES ($1, $2, $3, $4)")
        .bind(webhook_id)
        .bind(&it.external_no)
        .bind(body.to_string())
        .bind(it.updated_at.as_millisecond())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
