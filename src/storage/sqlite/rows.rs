//! Reading and writing the values of the knowledge room's rows.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::knowledge::store::StoreError;

#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
pub(super) fn backend(e: sqlx::Error) -> StoreError {
    // The text of a driver error names tables and constraints, never bound values.
    StoreError::Backend(e.to_string())
}

fn damaged(what: &str, reason: String) -> StoreError {
    StoreError::Damaged { id: what.to_owned(), reason }
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Backend(e.to_string()))
}

pub(super) fn get<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    sqlx::Row::try_get(row, name).map_err(backend)
}

pub(super) fn json<T: serde::de::DeserializeOwned>(row: &SqliteRow, name: &str) -> Result<T, StoreError> {
    serde_json::from_str(get::<&str>(row, name)?).map_err(|e| damaged(name, e.to_string()))
}

pub(super) fn id(row: &SqliteRow, name: &str) -> Result<Uuid, StoreError> {
    parse_id(name, get::<&str>(row, name)?)
}

pub(super) fn maybe_id(row: &SqliteRow, name: &str) -> Result<Option<Uuid>, StoreError> {
    get::<Option<&str>>(row, name)?.map(|text| parse_id(name, text)).transpose()
}

fn parse_id(name: &str, text: &str) -> Result<Uuid, StoreError> {
    Uuid::parse_str(text).map_err(|_| damaged(name, "不是 UUID".to_owned()))
}

pub(super) fn time(row: &SqliteRow, name: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(get(row, name)?).map_err(|e| damaged(name, e.to_string()))
}

pub(super) fn maybe_time(row: &SqliteRow, name: &str) -> Result<Option<Timestamp>, StoreError> {
    get::<Option<i64>>(row, name)?.map(|ms| Timestamp::from_millisecond(ms).map_err(|e| damaged(name, e.to_string()))).transpose()
}

pub(super) fn version(row: &SqliteRow, name: &str) -> Result<u32, StoreError> {
    let n: i64 = get(row, name)?;
    u32::try_from(n).map_err(|_| damaged(name, format!("版本号 {n}")))
}

pub(super) fn count(row: &SqliteRow, name: &str) -> Result<u64, StoreError> {
    Ok(u64::try_from(get::<i64>(row, name)?).unwrap_or_default())
}
