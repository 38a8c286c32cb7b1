//! What an administrator does with accounts.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::{Account, MAX_TITLE, PasswordState, Scope, folded, name_fault};
use super::caller::Caller;
use super::password;
use super::role::Role;
use super::service::{Accounts, IdentityError, name_subject};
use super::store::{Changed, NewPassword};

/// The first administrator's name.
pub const FIRST_NAME: &str = "admin";

/// An account to be.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Sign-in name.
    pub name: String,
    /// Post or note.
    pub title: String,
    /// At least one.
    pub roles: BTreeSet<Role>,
    /// For which part of the street.
    pub scope: Scope,
}

/// What is to be different; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// Post or note.
    pub title: Option<String>,
    /// At least one.
    pub roles: Option<BTreeSet<Role>>,
    /// For which part of the street.
    pub scope: Option<Scope>,
}

/// An account with the password that is shown once.
#[derive(Debug)]
pub struct WithPassword {
    /// The account.
    pub account: Account,
    /// Must be changed at the first sign-in.
    pub password: SecretString,
}

fn done(changed: Changed) -> Result<(), IdentityError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::Missing => Err(IdentityError::Missing),
        Changed::NameTaken => Err(IdentityError::NameTaken),
        Changed::LastAdministrator => Err(IdentityError::LastAdministrator),
    }
}

fn check_title(title: &str) -> Result<(), IdentityError> {
    if title.chars().count() > MAX_TITLE || title.chars().any(char::is_control) {
        return Err(IdentityError::Invalid {
            field: "title", message: format!("岗位说明最多{MAX_TITLE}个字符，只能一行")
        });
    }
    Ok(())
}

fn check_roles(roles: &BTreeSet<Role>) -> Result<(), IdentityError> {
    if roles.is_empty() {
        return Err(IdentityError::Invalid { field: "roles", message: "至少要有一个角色".to_owned() });
    }
    Ok(())
}

fn check_scope(scope: &Scope) -> Result<(), IdentityError> {
    let all = || scope.communities.iter().chain(&scope.grids);
    if all().count() > 300 || all().any(|s| s.trim().is_empty() || s.chars().count() > 40) {
        return Err(IdentityError::Invalid {
            field: "scope", message: "社区名或网格编码不能为空，最多300个".to_owned()
        });
    }
    Ok(())
}

/// An account as it stands in the audit log.
fn picture(account: &Account) -> Value {
    json!({
        "roles": account.roles.iter().map(|r| r.word()).collect::<Vec<_>>(),
        "communities": account.scope.communities,
        "grids": account.scope.grids,
        "title": account.title,
    })
}

impl Accounts {
    /// All accounts by name.
    pub async fn list(&self) -> Result<Vec<Account>, IdentityError> {
        Ok(self.store.accounts().await?)
    }

    /// An account by its name.
    pub async fn named(&self, name: &str) -> Result<Account, IdentityError> {
        self.store.account_by_name(&folded(name)).await?.map(|(account, _)| account).ok_or(IdentityError::Missing)
    }

    fn one_time_until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::from_hours(i64::from(self.settings.one_time_password_hours))).unwrap_or(now)
    }

    async fn one_time(&self, now: Timestamp) -> Result<(SecretString, NewPassword), IdentityError> {
        let plain = password::one_time(&self.ids.secret());
        let hash = self.hasher.hash(&plain, &self.ids.secret()).await?;
        Ok((plain, NewPassword { hash, one_time_until: Some(self.one_time_until(now)), at: now }))
    }

    fn fresh(&self, new: NewAccount, now: Timestamp) -> Result<Account, IdentityError> {
        let NewAccount { name, title, roles, scope } = new;
        let (name, title) = (name.trim().to_owned(), title.trim().to_owned());
        if let Some(why) = name_fault(&name) {
            return Err(IdentityError::Invalid { field: "name", message: why.to_owned() });
        }
        check_title(&title)?;
        check_roles(&roles)?;
        check_scope(&scope)?;
        Ok(Account {
            id: self.ids.uuid(),
            name,
            title,
            roles,
            scope,
            password: PasswordState::OneTime(self.one_time_until(now)),
            disabled_at: None,
            created_at: now,
            changed_at: now,
            last_sign_in_at: None,
        })
    }

    /// Makes an account with a one-time password.
    pub async fn create(&self, caller: &Caller, new: NewAccount) -> Result<WithPassword, IdentityError> {
        let now = self.now();
        let account = self.fresh(new, now)?;
        let (password, kept) = self.one_time(now).await?;
        let detail = json!({ "name": account.name, "after": picture(&account) });
        let entry = self.entry(caller, "account.create", ("account", &account.id.to_string()), detail);
        done(self.store.add_account(&account, &folded(&account.name), Some(&kept), &entry).await?)?;
        Ok(WithPassword { account, password })
    }

    /// Makes the very first account of this data folder, an administrator; `None` when there is or was any account.
    pub async fn first_administrator(&self) -> Result<Option<WithPassword>, IdentityError> {
        if !self.store.accounts().await?.is_empty() {
            return Ok(None);
        }
        let now = self.now();
        let new = NewAccount {
            name: FIRST_NAME.to_owned(),
            title: "首次启动时建立".to_owned(),
            roles: BTreeSet::from([Role::Administrator]),
            scope: Scope::everything(),
        };
        let account = self.fresh(new, now)?;
        let (password, kept) = self.one_time(now).await?;
        let detail = json!({ "name": account.name, "after": picture(&account) });
        let entry = self.entry(&Caller::system(), "account.create", ("account", &account.id.to_string()), detail);
        let added = self.store.add_first_account(&account, &folded(&account.name), &kept, &entry).await?;
        Ok(added.then_some(WithPassword { account, password }))
    }

    /// Makes a disabled account without a password for somebody whom the identity provider named, for an administrator to look at.
    pub async fn register(&self, name: &str, issuer: &str) -> Result<Account, IdentityError> {
        let now = self.now();
        let new = NewAccount {
            name: name.to_owned(),
            title: "统一身份登录时登记，待启用".to_owned(),
            roles: BTreeSet::from([Role::Gridworker]),
            scope: Scope::everything(),
        };
        let account = Account { password: PasswordState::None, disabled_at: Some(now), ..self.fresh(new, now)? };
        let detail = json!({ "name": account.name, "by": "oidc", "issuer": issuer, "after": picture(&account) });
        let entry = self.entry(&Caller::system(), "account.create", ("account", &account.id.to_string()), detail);
        done(self.store.add_account(&account, &folded(&account.name), None, &entry).await?)?;
        Ok(account)
    }

    /// Changes title, roles or scope. It counts from the next request on.
    pub async fn change(&self, caller: &Caller, id: Uuid, change: AccountChange) -> Result<Account, IdentityError> {
        let before = self.account(id).await?;
        let AccountChange { title, roles, scope } = change;
        let mut after = before.clone();
        if let Some(title) = title {
            title.trim().clone_into(&mut after.title);
        }
        after.roles = roles.unwrap_or(after.roles);
        after.scope = scope.unwrap_or(after.scope);
        check_title(&after.title)?;
        check_roles(&after.roles)?;
        check_scope(&after.scope)?;
        if after == before {
            return Ok(before);
        }
        after.changed_at = self.now();
        let detail = json!({ "name": before.name, "before": picture(&before), "after": picture(&after) });
        let entry = self.entry(caller, "account.change", ("account", &id.to_string()), detail);
        done(self.store.change_account(&after, &entry).await?)?;
        Ok(after)
    }

    /// Disables an account (its sessions end at once, its keys open nothing) or enables it again. Doing it twice changes nothing.
    pub async fn set_enabled(&self, caller: &Caller, id: Uuid, enabled: bool) -> Result<Account, IdentityError> {
        let mut account = self.account(id).await?;
        if !enabled && id == caller.account_id {
            return Err(IdentityError::Conflict("不能停用自己的账号"));
        }
        if account.is_enabled() == enabled {
            return Ok(account);
        }
        let now = self.now();
        account.disabled_at = (!enabled).then_some(now);
        account.changed_at = now;
        let action = if enabled { "account.enable" } else { "account.disable" };
        let entry = self.entry(caller, action, ("account", &id.to_string()), json!({ "name": account.name }));
        done(self.store.change_account(&account, &entry).await?)?;
        Ok(account)
    }

    /// Gives a new one-time password: sessions end, a lock is opened.
    pub async fn reset_password(&self, caller: &Caller, id: Uuid) -> Result<WithPassword, IdentityError> {
        let now = self.now();
        let account = self.account(id).await?;
        let (password, kept) = self.one_time(now).await?;
        let entry = self.entry(caller, "account.reset_password", ("account", &id.to_string()), json!({ "name": account.name }));
        done(self.store.set_password(id, &kept, None, None, &entry).await?)?;
        self.store.end_try(&name_subject(&folded(&account.name)), true).await?;
        let account = Account { password: PasswordState::OneTime(self.one_time_until(now)), ..account };
        Ok(WithPassword { account, password })
    }

    /// Ends all sessions of an account; how many.
    pub async fn end_sessions_of(&self, caller: &Caller, id: Uuid) -> Result<u64, IdentityError> {
        let account = self.account(id).await?;
        let entry = self.entry(caller, "account.sign_out", ("account", &id.to_string()), json!({ "name": account.name }));
        Ok(self.store.end_sessions(id, None, &entry).await?)
    }
}
