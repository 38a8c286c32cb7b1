//! `/api/v1/admin/leaves`: who is away, and who acts meanwhile.

pub mod create;
pub mod end;
pub mod list;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::Account;
use crate::identity::duties::Leave;

/// How far a leave is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaveState {
    /// It is to begin.
    Planned,
    /// The stand-in acts.
    On,
    /// It is over.
    Over,
    /// It was taken back before it began.
    Cancelled,
}

/// A leave.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaveView {
    /// Stable id.
    pub id: Uuid,
    /// Who is away.
    pub account_id: Uuid,
    /// Their name.
    pub name: String,
    /// Their post or note.
    pub title: String,
    /// Who acts.
    pub stand_in_id: Uuid,
    /// Their name.
    pub stand_in: String,
    /// From.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// How far it is.
    pub state: LeaveState,
    /// For colleagues.
    pub note: String,
    /// Who entered it.
    pub created_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

fn view(leave: Leave, accounts: &[Account], now: Timestamp) -> LeaveView {
    let state = match () {
        () if leave.ends_at <= leave.starts_at => LeaveState::Cancelled,
        () if now < leave.starts_at => LeaveState::Planned,
        () if leave.is_on(now) => LeaveState::On,
        () => LeaveState::Over,
    };
    let named = |id: Uuid| accounts.iter().find(|a| a.id == id);
    let Leave { id, account_id, stand_in, starts_at, ends_at, note, created_at, created_by } = leave;
    LeaveView {
        id,
        account_id,
        name: named(account_id).map(|a| a.name.clone()).unwrap_or_default(),
        title: named(account_id).map(|a| a.title.clone()).unwrap_or_default(),
        stand_in_id: stand_in,
        stand_in: named(stand_in).map(|a| a.name.clone()).unwrap_or_default(),
        from: starts_at,
        until: ends_at,
        state,
        note,
        created_by,
        created_at,
    }
}
