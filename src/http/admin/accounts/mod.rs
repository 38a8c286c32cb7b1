//! `/api/v1/admin/accounts`, `/api/v1/admin/roles`.

pub mod change;
pub mod create;
pub mod duties;
pub mod get;
pub mod hand_over;
pub mod list;
pub mod reset;
pub mod roles;
pub mod sessions;
pub mod state;

use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::AccountView;
use crate::http::problem::{Code, FieldProblem, Problem};
use crate::http::state::Api;
use crate::identity::Scope;
use crate::identity::manage::WithPassword;

/// A scope of this street: a community or grid that does not exist would show its owner nothing.
fn check_scope(api: &Api, scope: &Scope) -> Result<(), Problem> {
    let rules = api.rules.load();
    let gazetteer = rules.places.gazetteer();
    let mut problem = Problem::new(Code::InvalidBody).detail("管辖范围里有街道没有的社区或网格");
    for community in scope.communities.iter().filter(|c| !gazetteer.grids().iter().any(|g| g.community == **c)) {
        problem
            .errors
            .push(FieldProblem { field: "scope.communities".to_owned(), message: format!("没有这个社区：{community}") });
    }
    for code in scope.grids.iter().filter(|g| gazetteer.grid(g).is_none()) {
        problem.errors.push(FieldProblem { field: "scope.grids".to_owned(), message: format!("没有这个网格：{code}") });
    }
    if problem.errors.is_empty() { Ok(()) } else { Err(problem) }
}

/// An account with the password that is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountWithPassword {
    /// The account.
    pub account: AccountView,
    /// To be handed over in person; must be changed at the first sign-in.
    pub one_time_password: String,
}

impl From<WithPassword> for AccountWithPassword {
    fn from(made: WithPassword) -> Self {
        let WithPassword { account, password } = made;
        Self { account: account.into(), one_time_password: password.expose_secret().to_owned() }
    }
}
