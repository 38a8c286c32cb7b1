//! `/api/v1/admin/accounts`, `/api/v1/admin/roles`.

pub mod change;
pub mod create;
pub mod get;
pub mod list;
pub mod reset;
pub mod roles;
pub mod sessions;
pub mod state;

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::AccountView;
use crate::identity::manage::WithPassword;
use secrecy::ExposeSecret as _;

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
