//! `GET /api/v1/admin/roles`: the table of roles, for faces that explain it.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::identity::{Permission, Role};

/// A permission with its name for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermissionView {
    /// Word.
    pub permission: Permission,
    /// What people read.
    pub title: &'static str,
    /// True when an API key may carry it.
    pub for_keys: bool,
}

/// A role with what it may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    /// Word.
    pub role: Role,
    /// What people read.
    pub title: &'static str,
    /// What it may do.
    pub permissions: Vec<PermissionView>,
}

/// All roles.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleList {
    /// In the order of the street's work.
    pub roles: Vec<RoleView>,
}

/// The roles and what they may do.
#[utoipa::path(get, path = "/api/v1/admin/roles", tag = "账号", security(("session" = []), ("key" = [])),
    responses((status = 200, body = RoleList)))]
pub async fn list_roles() -> Json<RoleList> {
    let view = |p: &Permission| PermissionView { permission: *p, title: p.title(), for_keys: p.delegable() };
    let roles = Role::ALL.into_iter().map(|role| RoleView {
        role,
        title: role.title(),
        permissions: role.permissions().iter().map(view).collect(),
    });
    Json(RoleList { roles: roles.collect() })
}
