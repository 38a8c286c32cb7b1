//! [`AccountStore`] on `SQLite`: accounts, sessions, keys, tries. Each change and its audit row are one transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, SqliteConnection, Transaction};
use uuid::Uuid;

use super::Sqlite;
use super::audit::append;
use crate::identity::access_key::{ApiKey, Proof, Session};
use crate::identity::account::{Account, PasswordState, Scope};
use crate::identity::audit::AuditEntry;
use crate::identity::role::{Permission, Role};
use crate::identity::store::{AccountStore, Changed, NewPassword, NewSession, StoreError, Try, TryRule};

/// Accounts in `SQLite`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteAccounts {
    pub(super) db: Sqlite,
}

impl SqliteAccounts {
    /// Over an open database.
    #[must_use]
    pub const fn new(db: Sqlite) -> Self {
        Self { db }
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'_, Driver>, StoreError> {
        self.db.durable().await.map_err(backend)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
pub(super) fn backend(e: sqlx::Error) -> StoreError {
    StoreError::Backend(e.to_string())
}

pub(super) fn time(id: &str, ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|e| StoreError::Damaged { id: id.to_owned(), reason: e.to_string() })
}

fn some_time(id: &str, ms: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    ms.map(|ms| time(id, ms)).transpose()
}

pub(super) fn uuid(id: &str) -> Result<Uuid, StoreError> {
    id.parse().map_err(|_| StoreError::Damaged { id: id.to_owned(), reason: "编号不是 UUID".to_owned() })
}

fn words<T>(id: &str, json: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
    let words: Vec<String> =
        serde_json::from_str(json).map_err(|e| StoreError::Damaged { id: id.to_owned(), reason: e.to_string() })?;
    // A word that a later version wrote opens nothing here.
    Ok(words.iter().filter_map(|w| read(w)).collect())
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Backend(e.to_string()))
}

pub(super) const ADMINISTRATORS: &str =
    "SELECT COUNT(*) FROM accounts a, json_each(a.roles) r WHERE a.disabled_at IS NULL AND r.value = 'administrator'";

pub(super) const ACCOUNT: &str = "a.id AS account_id, a.name AS account_name, a.title, a.roles, a.scope, a.password_hash, a.one_time_until, \
     a.disabled_at, a.created_at AS account_created_at, a.changed_at, a.last_sign_in_at";

pub(super) fn account(row: &SqliteRow) -> Result<Account, StoreError> {
    let id: String = row.try_get("account_id").map_err(backend)?;
    let one_time = some_time(&id, row.try_get("one_time_until").map_err(backend)?)?;
    let has_password = row.try_get::<Option<String>, _>("password_hash").map_err(backend)?.is_some();
    let scope: String = row.try_get("scope").map_err(backend)?;
    Ok(Account {
        id: uuid(&id)?,
        name: row.try_get("account_name").map_err(backend)?,
        title: row.try_get("title").map_err(backend)?,
        roles: words(&id, &row.try_get::<String, _>("roles").map_err(backend)?, Role::from_word)?.into_iter().collect(),
        scope: serde_json::from_str::<Scope>(&scope)
            .map_err(|e| StoreError::Damaged { id: id.clone(), reason: e.to_string() })?,
        password: match (has_password, one_time) {
            (false, _) => PasswordState::None,
            (true, Some(until)) => PasswordState::OneTime(until),
            (true, None) => PasswordState::Chosen,
        },
        disabled_at: some_time(&id, row.try_get("disabled_at").map_err(backend)?)?,
        created_at: time(&id, row.try_get("account_created_at").map_err(backend)?)?,
        changed_at: time(&id, row.try_get("changed_at").map_err(backend)?)?,
        last_sign_in_at: some_time(&id, row.try_get("last_sign_in_at").map_err(backend)?)?,
    })
}

const SESSION: &str = "s.id AS session_id, s.account_id AS session_account, s.created_at AS session_created_at, s.last_seen_at, \
     s.idle_until, s.ends_at, s.net, s.device, s.proof";

fn session(row: &SqliteRow) -> Result<Session, StoreError> {
    let id: String = row.try_get("session_id").map_err(backend)?;
    let at = |column: &str| row.try_get::<i64, _>(column).map_err(backend).and_then(|ms| time(&id, ms));
    Ok(Session {
        id: uuid(&id)?,
        account_id: uuid(&row.try_get::<String, _>("session_account").map_err(backend)?)?,
        created_at: at("session_created_at")?,
        last_seen_at: at("last_seen_at")?,
        idle_until: at("idle_until")?,
        ends_at: at("ends_at")?,
        net: row.try_get("net").map_err(backend)?,
        device: row.try_get("device").map_err(backend)?,
        proof: Proof::from_word(row.try_get("proof").map_err(backend)?),
    })
}

const KEY: &str = "k.id AS key_id, k.account_id AS key_account, k.name AS key_name, k.prefix, k.permissions, \
     k.created_at AS key_created_at, k.expires_at, k.last_used_at, k.revoked_at";

fn key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    let id: String = row.try_get("key_id").map_err(backend)?;
    let granted: String = row.try_get("permissions").map_err(backend)?;
    Ok(ApiKey {
        id: uuid(&id)?,
        account_id: uuid(&row.try_get::<String, _>("key_account").map_err(backend)?)?,
        name: row.try_get("key_name").map_err(backend)?,
        prefix: row.try_get("prefix").map_err(backend)?,
        permissions: words(&id, &granted, Permission::from_word)?.into_iter().collect(),
        created_at: time(&id, row.try_get("key_created_at").map_err(backend)?)?,
        expires_at: some_time(&id, row.try_get("expires_at").map_err(backend)?)?,
        last_used_at: some_time(&id, row.try_get("last_used_at").map_err(backend)?)?,
        revoked_at: some_time(&id, row.try_get("revoked_at").map_err(backend)?)?,
    })
}

fn ms(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millisecond)
}

async fn insert(
    tx: &mut SqliteConnection,
    account: &Account,
    folded_name: &str,
    password: Option<&NewPassword>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO accounts (id, name, folded_name, title, roles, scope, password_hash, one_time_until, password_at, \
         disabled_at, created_at, changed_at, last_sign_in_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(account.id.to_string())
    .bind(&account.name)
    .bind(folded_name)
    .bind(&account.title)
    .bind(json(&account.roles.iter().map(|r| r.word()).collect::<BTreeSet<_>>())?)
    .bind(json(&account.scope)?)
    .bind(password.map(|p| p.hash.as_str()))
    .bind(ms(password.and_then(|p| p.one_time_until)))
    .bind(ms(password.map(|p| p.at)))
    .bind(ms(account.disabled_at))
    .bind(account.created_at.as_millisecond())
    .bind(account.changed_at.as_millisecond())
    .bind(ms(account.last_sign_in_at))
    .execute(tx)
    .await
    .map_err(backend)?;
    Ok(())
}

async fn insert_session(tx: &mut SqliteConnection, new: &NewSession) -> Result<(), StoreError> {
    let s = &new.session;
    sqlx::query(
        "INSERT INTO account_sessions (id, account_id, token_hash, created_at, last_seen_at, idle_until, ends_at, net, device, \
         proof) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(s.id.to_string())
    .bind(s.account_id.to_string())
    .bind(&new.token_hash)
    .bind(s.created_at.as_millisecond())
    .bind(s.last_seen_at.as_millisecond())
    .bind(s.idle_until.as_millisecond())
    .bind(s.ends_at.as_millisecond())
    .bind(&s.net)
    .bind(&s.device)
    .bind(s.proof.word())
    .execute(&mut *tx)
    .await
    .map_err(backend)?;
    sqlx::query(
        "DELETE FROM account_sessions WHERE account_id = $1 AND id NOT IN \
         (SELECT id FROM account_sessions WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)",
    )
    .bind(s.account_id.to_string())
    .bind(i64::from(new.at_most))
    .execute(tx)
    .await
    .map_err(backend)?;
    Ok(())
}

pub(super) async fn note_in(tx: &mut SqliteConnection, audit: &AuditEntry) -> Result<(), StoreError> {
    append(tx, audit).await.map(|_| ()).map_err(backend)
}

#[async_trait]
impl AccountStore for SqliteAccounts {
    async fn add_account(
        &self,
        account: &Account,
        folded_name: &str,
        password: Option<&NewPassword>,
        audit: &AuditEntry,
    ) -> Result<Changed, StoreError> {
        let mut tx = self.begin().await?;
        let taken = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM accounts WHERE folded_name = $1")
            .bind(folded_name)
            .fetch_one(&mut *tx)
            .await
            .map_err(backend)?;
        if taken > 0 {
            return Ok(Changed::NameTaken);
        }
        insert(&mut tx, account, folded_name, password).await?;
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(Changed::Done)
    }

    async fn add_first_account(
        &self,
        account: &Account,
        folded_name: &str,
        password: &NewPassword,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let any = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM accounts").fetch_one(&mut *tx).await.map_err(backend)?;
        if any > 0 {
            return Ok(false);
        }
        insert(&mut tx, account, folded_name, Some(password)).await?;
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn account(&self, id: Uuid) -> Result<Option<Account>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {ACCOUNT} FROM accounts a WHERE a.id = $1"));
        let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(self.db.reader()).await.map_err(backend)?;
        row.as_ref().map(account).transpose()
    }

    async fn account_by_name(&self, folded_name: &str) -> Result<Option<(Account, Option<String>)>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {ACCOUNT} FROM accounts a WHERE a.folded_name = $1"));
        let row = sqlx::query(sql).bind(folded_name).fetch_optional(self.db.reader()).await.map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let hash = row.try_get("password_hash").map_err(backend)?;
        Ok(Some((account(&row)?, hash)))
    }

    async fn password_hash(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let hash = sqlx::query_scalar::<_, Option<String>>("SELECT password_hash FROM accounts WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.db.reader())
            .await
            .map_err(backend)?;
        Ok(hash.flatten())
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {ACCOUNT} FROM accounts a ORDER BY a.folded_name"));
        let rows = sqlx::query(sql).fetch_all(self.db.reader()).await.map_err(backend)?;
        rows.iter().map(account).collect()
    }

    async fn change_account(&self, account: &Account, audit: &AuditEntry) -> Result<Changed, StoreError> {
        let mut tx = self.begin().await?;
        let id = account.id.to_string();
        let before = sqlx::query_scalar::<_, i64>(ADMINISTRATORS).fetch_one(&mut *tx).await.map_err(backend)?;
        let done = sqlx::query(
            "UPDATE accounts SET title = $2, roles = $3, scope = $4, disabled_at = $5, changed_at = $6 WHERE id = $1",
        )
        .bind(&id)
        .bind(&account.title)
        .bind(json(&account.roles.iter().map(|r| r.word()).collect::<BTreeSet<_>>())?)
        .bind(json(&account.scope)?)
        .bind(ms(account.disabled_at))
        .bind(account.changed_at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        if done.rows_affected() == 0 {
            return Ok(Changed::Missing);
        }
        // Dropping the transaction undoes the change.
        let after = sqlx::query_scalar::<_, i64>(ADMINISTRATORS).fetch_one(&mut *tx).await.map_err(backend)?;
        if before > 0 && after == 0 {
            return Ok(Changed::LastAdministrator);
        }
        if account.disabled_at.is_some() {
            sqlx::query("DELETE FROM account_sessions WHERE account_id = $1")
                .bind(&id)
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
        }
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(Changed::Done)
    }

    async fn set_password(
        &self,
        id: Uuid,
        password: &NewPassword,
        was: Option<&str>,
        fresh: Option<&NewSession>,
        audit: &AuditEntry,
    ) -> Result<Changed, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE accounts SET password_hash = $2, one_time_until = $3, password_at = $4, changed_at = $4 \
             WHERE id = $1 AND ($5 IS NULL OR password_hash = $5)",
        )
        .bind(id.to_string())
        .bind(&password.hash)
        .bind(ms(password.one_time_until))
        .bind(password.at.as_millisecond())
        .bind(was)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        if done.rows_affected() == 0 {
            return Ok(Changed::Missing);
        }
        sqlx::query("DELETE FROM account_sessions WHERE account_id = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        if let Some(fresh) = fresh {
            insert_session(&mut tx, fresh).await?;
        }
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(Changed::Done)
    }

    async fn rehash(&self, id: Uuid, was: &str, hash: &str) -> Result<(), StoreError> {
        let mut tx = self.db.quick().await.map_err(backend)?;
        sqlx::query("UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
            .bind(id.to_string())
            .bind(was)
            .bind(hash)
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn open_session(&self, new: &NewSession, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        insert_session(&mut tx, new).await?;
        sqlx::query("UPDATE accounts SET last_sign_in_at = $2 WHERE id = $1")
            .bind(new.session.account_id.to_string())
            .bind(new.session.created_at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)
    }

    async fn session(&self, token_hash: &str) -> Result<Option<(Session, Account)>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {SESSION}, {ACCOUNT} FROM account_sessions s JOIN accounts a ON a.id = s.account_id WHERE s.token_hash = $1"
        ));
        let row = sqlx::query(sql).bind(token_hash).fetch_optional(self.db.reader()).await.map_err(backend)?;
        row.as_ref().map(|row| Ok((session(row)?, account(row)?))).transpose()
    }

    async fn touch_session(&self, id: Uuid, seen_at: Timestamp, idle_until: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.quick().await.map_err(backend)?;
        sqlx::query("UPDATE account_sessions SET last_seen_at = $2, idle_until = $3 WHERE id = $1 AND last_seen_at < $2")
            .bind(id.to_string())
            .bind(seen_at.as_millisecond())
            .bind(idle_until.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn sessions(&self, account: Uuid, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {SESSION} FROM account_sessions s WHERE s.account_id = $1 AND s.idle_until > $2 AND s.ends_at > $2 \
             ORDER BY s.created_at DESC, s.id DESC"
        ));
        let rows = sqlx::query(sql)
            .bind(account.to_string())
            .bind(now.as_millisecond())
            .fetch_all(self.db.reader())
            .await
            .map_err(backend)?;
        rows.iter().map(session).collect()
    }

    async fn end_session(&self, account: Uuid, session: Uuid, audit: &AuditEntry) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM account_sessions WHERE account_id = $1 AND id = $2")
            .bind(account.to_string())
            .bind(session.to_string())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn end_sessions(&self, account: Uuid, except: Option<Uuid>, audit: &AuditEntry) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM account_sessions WHERE account_id = $1 AND ($2 IS NULL OR id <> $2)")
            .bind(account.to_string())
            .bind(except.map(|id| id.to_string()))
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        if done.rows_affected() > 0 {
            note_in(&mut tx, audit).await?;
        }
        tx.commit().await.map_err(backend)?;
        Ok(done.rows_affected())
    }

    async fn add_key(&self, key: &ApiKey, secret_hash: &str, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO account_keys (id, account_id, name, prefix, secret_hash, permissions, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(key.id.to_string())
        .bind(key.account_id.to_string())
        .bind(&key.name)
        .bind(&key.prefix)
        .bind(secret_hash)
        .bind(json(&key.permissions.iter().map(|p| p.word()).collect::<BTreeSet<_>>())?)
        .bind(key.created_at.as_millisecond())
        .bind(ms(key.expires_at))
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)
    }

    async fn key(&self, secret_hash: &str) -> Result<Option<(ApiKey, Account)>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {KEY}, {ACCOUNT} FROM account_keys k JOIN accounts a ON a.id = k.account_id WHERE k.secret_hash = $1"
        ));
        let row = sqlx::query(sql).bind(secret_hash).fetch_optional(self.db.reader()).await.map_err(backend)?;
        row.as_ref().map(|row| Ok((key(row)?, account(row)?))).transpose()
    }

    async fn touch_key(&self, id: Uuid, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.quick().await.map_err(backend)?;
        sqlx::query("UPDATE account_keys SET last_used_at = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn keys(&self, account: Option<Uuid>) -> Result<Vec<ApiKey>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {KEY} FROM account_keys k WHERE ($1 IS NULL OR k.account_id = $1) ORDER BY k.created_at DESC, k.id DESC"
        ));
        let rows = sqlx::query(sql).bind(account.map(|id| id.to_string())).fetch_all(self.db.reader()).await.map_err(backend)?;
        rows.iter().map(key).collect()
    }

    async fn revoke_key(&self, id: Uuid, owner: Option<Uuid>, at: Timestamp, audit: &AuditEntry) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE account_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND ($3 IS NULL OR account_id = $3)",
        )
        .bind(id.to_string())
        .bind(at.as_millisecond())
        .bind(owner.map(|id| id.to_string()))
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)?;
        Ok(true)
    }

    async fn note(&self, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        note_in(&mut tx, audit).await?;
        tx.commit().await.map_err(backend)
    }

    async fn begin_try(&self, subject: &str, rule: TryRule, now: Timestamp) -> Result<Try, StoreError> {
        let now_ms = now.as_millisecond();
        let mut tx = self.db.quick().await.map_err(backend)?;
        let row = sqlx::query_as::<_, (i64, i64, Option<i64>)>(
            "SELECT tries, first_at, locked_until FROM sign_in_tries WHERE subject = $1",
        )
        .bind(subject)
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let window = i64::try_from(rule.lock.as_millis()).unwrap_or(i64::MAX);
        let (tries, first_at) = match row {
            Some((_, _, Some(until))) if now_ms < until => return Ok(Try::Locked(time(subject, until)?)),
            Some((tries, first_at, None)) if now_ms - first_at < window => (tries + 1, first_at),
            _ => (1, now_ms),
        };
        let locks = tries >= i64::from(rule.tries);
        sqlx::query(
            "INSERT INTO sign_in_tries (subject, tries, first_at, locked_until) VALUES ($1, $2, $3, $4) ON CONFLICT (subject) \
             DO UPDATE SET tries = excluded.tries, first_at = excluded.first_at, locked_until = excluded.locked_until",
        )
        .bind(subject)
        .bind(tries)
        .bind(first_at)
        .bind(locks.then(|| now_ms.saturating_add(window)))
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(Try::Open { locks })
    }

    async fn end_try(&self, subject: &str, forget: bool) -> Result<(), StoreError> {
        let mut tx = self.db.quick().await.map_err(backend)?;
        let sql = if forget {
            "DELETE FROM sign_in_tries WHERE subject = $1"
        } else {
            "UPDATE sign_in_tries SET tries = tries - 1, locked_until = NULL WHERE subject = $1"
        };
        sqlx::query(sql).bind(subject).execute(&mut *tx).await.map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn sweep(&self, now: Timestamp, tries_before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.db.quick().await.map_err(backend)?;
        let sessions = sqlx::query("DELETE FROM account_sessions WHERE idle_until <= $1 OR ends_at <= $1")
            .bind(now.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        sqlx::query(
            "DELETE FROM sign_in_tries WHERE (locked_until IS NULL AND first_at < $2) OR (locked_until IS NOT NULL AND locked_until <= $1)",
        )
        .bind(now.as_millisecond())
        .bind(tries_before.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)?;
        Ok(sessions.rows_affected())
    }
}
