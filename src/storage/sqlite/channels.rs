//! [`ChannelStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::conversation::{db, id, json, parse};
use super::sealing::place;
use super::{Sqlite, audit};
use crate::conversation::channels::store::{ChannelStore, Saved, Secret};
use crate::conversation::channels::{Channel, SecretInfo};
use crate::conversation::store::StoreError;
use crate::identity::AuditEntry;

fn time(what: &'static str, ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

fn channel(row: &SqliteRow) -> Result<Channel, StoreError> {
    Ok(Channel {
        id: row.try_get("id").map_err(db)?,
        revision: row.try_get("revision").map_err(db)?,
        settings: parse("channels.settings", row.try_get("settings").map_err(db)?)?,
        changed_at: Some(time("channels.changed_at", row.try_get("changed_at").map_err(db)?)?),
        changed_by: row.try_get("changed_by").map_err(db)?,
    })
}

#[async_trait]
impl ChannelStore for Sqlite {
    async fn channels(&self) -> Result<Vec<Channel>, StoreError> {
        let rows = sqlx::query("SELECT id, revision, settings, changed_at, changed_by FROM channels ORDER BY id")
            .fetch_all(self.reader())
            .await
            .map_err(db)?;
        rows.iter().map(channel).collect()
    }

    async fn save_channel(&self, channel: &Channel, entry: &AuditEntry) -> Result<Saved, StoreError> {
        let Channel { id, revision, settings, changed_at, changed_by } = channel;
        let mut tx = self.durable().await.map_err(db)?;
        let now: u32 = sqlx::query_scalar("SELECT COALESCE((SELECT revision FROM channels WHERE id = $1), 0)")
            .bind(id)
            .fetch_one(&mut *tx)
            .await
            .map_err(db)?;
        if now + 1 != *revision {
            return Ok(Saved::Changed(now));
        }
        sqlx::query(
            "INSERT INTO channels (id, revision, settings, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, settings = excluded.settings, \
             changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        )
        .bind(id)
        .bind(revision)
        .bind(json("channels.settings", settings)?)
        .bind(changed_at.map_or(0, Timestamp::as_millisecond))
        .bind(changed_by)
        .execute(&mut *tx)
        .await
        .map_err(db)?;
        audit::append(&mut tx, entry).await.map_err(db)?;
        tx.commit().await.map_err(db)?;
        Ok(Saved::Done)
    }

    async fn channel_secrets(&self, channel: &str) -> Result<Vec<Secret>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, secret, made_at, made_by, ends_at FROM channel_secrets WHERE channel = $1 ORDER BY made_at DESC, id DESC",
        )
        .bind(channel)
        .fetch_all(self.reader())
        .await
        .map_err(db)?;
        let secret = |row: &SqliteRow| {
            let own = id("channel_secrets.id", row.try_get("id").map_err(db)?)?;
            let ends: Option<i64> = row.try_get("ends_at").map_err(db)?;
            let sealed = self.sealer().open(row.try_get("secret").map_err(db)?, &place::channel_secret(own));
            Ok(Secret {
                info: SecretInfo {
                    id: own,
                    made_at: time("channel_secrets.made_at", row.try_get("made_at").map_err(db)?)?,
                    made_by: row.try_get("made_by").map_err(db)?,
                    ends_at: ends.map(|ms| time("channel_secrets.ends_at", ms)).transpose()?,
                },
                secret: sealed.map_err(|e| StoreError::Corrupt { what: "channel_secrets.secret", why: e.to_string() })?,
            })
        };
        rows.iter().map(secret).collect()
    }

    async fn rotate_channel_secret(
        &self,
        channel: &str,
        new: &Secret,
        overlap_until: Timestamp,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let Secret { info: SecretInfo { id, made_at, made_by, ends_at: _ }, secret } = new;
        let mut tx = self.durable().await.map_err(db)?;
        sqlx::query("UPDATE channel_secrets SET ends_at = $2 WHERE channel = $1 AND ends_at IS NULL")
            .bind(channel)
            .bind(overlap_until.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(db)?;
        sqlx::query("INSERT INTO channel_secrets (id, channel, secret, made_at, made_by) VALUES ($1, $2, $3, $4, $5)")
            .bind(id.to_string())
            .bind(channel)
            .bind(self.sealer().seal(secret, &place::channel_secret(*id)))
            .bind(made_at.as_millisecond())
            .bind(made_by)
            .execute(&mut *tx)
            .await
            .map_err(db)?;
        audit::append(&mut tx, entry).await.map_err(db)?;
        tx.commit().await.map_err(db)
    }

    async fn end_channel_secret(&self, channel: &str, id: Uuid, at: Timestamp, entry: &AuditEntry) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(db)?;
        let changed = sqlx::query(
            "UPDATE channel_secrets SET ends_at = $3 WHERE channel = $1 AND id = $2 AND (ends_at IS NULL OR ends_at > $3)",
        )
        .bind(channel)
        .bind(id.to_string())
        .bind(at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(db)?
        .rows_affected();
        if changed == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, entry).await.map_err(db)?;
        tx.commit().await.map_err(db)?;
        Ok(true)
    }

    async fn use_channel_token(&self, channel: &str, id_hash: &str, until: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(db)?;
        let new = sqlx::query("INSERT INTO channel_tokens (channel, token, ends_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(channel)
            .bind(id_hash)
            .bind(until.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(db)?
            .rows_affected();
        tx.commit().await.map_err(db)?;
        Ok(new == 1)
    }

    async fn forget_channel_tokens(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        let gone = sqlx::query("DELETE FROM channel_tokens WHERE ends_at < $1")
            .bind(before.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(db)?
            .rows_affected();
        tx.commit().await.map_err(db)?;
        Ok(gone)
    }
}
