//! What came in, as it came: the proof of what this platform was given, and the attachments themselves.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row as _;

use super::{Store, Tx, json, locked, note_down, time};
use crate::sandbox::SandboxError;

/// One signed call that was taken, as it arrived.
#[derive(Debug)]
pub(in crate::sandbox) struct Arrival {
    /// The incident's idempotency key.
    pub key: String,
    /// `incident`, `event` or `attachment`.
    pub kind: String,
    /// The call's own idempotency key.
    pub id: String,
    pub at: Timestamp,
    /// Name → value, without what signs or opens.
    pub headers: Value,
    /// Byte for byte; of an attachment everything but its content.
    pub body: String,
}

/// An attachment that was checked.
#[derive(Debug)]
pub(in crate::sandbox) struct NewAttachment {
    pub id: String,
    pub file_name: String,
    pub content_type: String,
    pub sha256: String,
    pub content: Vec<u8>,
    pub arrival: Arrival,
}

/// An attachment as it is listed; its content apart.
#[derive(Debug)]
pub(in crate::sandbox) struct Attachment {
    pub id: String,
    pub at: Timestamp,
    pub file_name: String,
    pub content_type: String,
    pub bytes: i64,
    pub sha256: String,
}

impl Store {
    /// Stores an attachment once. `answer` makes the words of the first answer, which every later one repeats; `None`
    /// when the incident is unknown, and true when it had been there before.
    pub(in crate::sandbox) async fn attach(
        &self,
        new: NewAttachment,
        answer: impl FnOnce(&super::Incident) -> Value,
    ) -> Result<Option<(Value, bool)>, SandboxError> {
        let NewAttachment { id, file_name, content_type, sha256, content, arrival } = new;
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let Some(it) = locked(&mut tx, &arrival.key).await? else { return Ok(None) };
        keep(&mut tx, &arrival).await?;
        let before: Option<String> =
            sqlx::query_scalar("SELECT answer FROM attachment WHERE external_no = $1 AND attachment_id = $2")
                .bind(&it.external_no)
                .bind(&id)
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(before) = before {
            tx.commit().await?;
            return Ok(Some((json(&before)?, true)));
        }
        let answer = answer(&it);
        sqlx::query(
            "INSERT INTO attachment (attachment_id, external_no, at, file_name, content_type, bytes, sha256, content, answer) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&id)
        .bind(&it.external_no)
        .bind(arrival.at.as_millisecond())
        .bind(&file_name)
        .bind(&content_type)
        .bind(i64::try_from(content.len()).unwrap_or(i64::MAX))
        .bind(&sha256)
        .bind(content)
        .bind(answer.to_string())
        .execute(&mut *tx)
        .await?;
        note_down(&mut tx, &it, arrival.at, "attachment", Some(&file_name), None).await?;
        tx.commit().await?;
        Ok(Some((answer, false)))
    }

    /// The attachments of an incident, oldest first.
    pub(in crate::sandbox) async fn attachments(&self, external_no: &str) -> Result<Vec<Attachment>, SandboxError> {
        let rows = sqlx::query(
            "SELECT attachment_id, at, file_name, content_type, bytes, sha256 FROM attachment WHERE external_no = $1 \
             ORDER BY at, attachment_id",
        )
        .bind(external_no)
        .fetch_all(&self.0)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Attachment {
                    id: row.try_get("attachment_id")?,
                    at: time(row.try_get("at")?)?,
                    file_name: row.try_get("file_name")?,
                    content_type: row.try_get("content_type")?,
                    bytes: row.try_get("bytes")?,
                    sha256: row.try_get("sha256")?,
                })
            })
            .collect()
    }

    /// Name and content of one attachment of an incident.
    pub(in crate::sandbox) async fn content(
        &self,
        external_no: &str,
        id: &str,
    ) -> Result<Option<(String, Vec<u8>)>, SandboxError> {
        let row = sqlx::query("SELECT file_name, content FROM attachment WHERE external_no = $1 AND attachment_id = $2")
            .bind(external_no)
            .bind(id)
            .fetch_optional(&self.0)
            .await?;
        row.map(|row| Ok((row.try_get("file_name")?, row.try_get("content")?))).transpose()
    }

    /// Everything that arrived for an incident, in the order of arrival, repeats included.
    pub(in crate::sandbox) async fn arrivals(&self, key: &str) -> Result<Vec<Arrival>, SandboxError> {
        let rows = sqlx::query("SELECT kind, id, at, headers, body FROM arrival WHERE idempotency_key = $1 ORDER BY seq")
            .bind(key)
            .fetch_all(&self.0)
            .await?;
        rows.iter()
            .map(|row| {
                let headers: String = row.try_get("headers")?;
                Ok(Arrival {
                    key: key.to_owned(),
                    kind: row.try_get("kind")?,
                    id: row.try_get("id")?,
                    at: time(row.try_get("at")?)?,
                    headers: json(&headers)?,
                    body: row.try_get("body")?,
                })
            })
            .collect()
    }
}

/// Keeps a call as it arrived, in the transaction that takes it.
pub(super) async fn keep(tx: &mut Tx<'_>, arrival: &Arrival) -> Result<(), SandboxError> {
    let Arrival { key, kind, id, at, headers, body } = arrival;
    sqlx::query("INSERT INTO arrival (idempotency_key, kind, id, at, headers, body) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(key)
        .bind(kind)
        .bind(id)
        .bind(at.as_millisecond())
        .bind(headers.to_string())
        .bind(body)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
