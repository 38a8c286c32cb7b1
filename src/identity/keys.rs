//! Keys of programs: a part of what their owner may do, until they end or are taken back.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::access_key::{ApiKey, SHOWN, key_from};
use super::caller::{Caller, Via};
use super::hash;
use super::role::{Permission, Permissions};
use super::service::{Accounts, IdentityError};

/// Longest name, in characters.
const MAX_NAME: usize = 60;
/// Live keys of one account.
const AT_MOST: usize = 50;

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose; the caller's own when it is the caller.
    pub account_id: Uuid,
    /// What it is for.
    pub name: String,
    /// A part of what the owner may do; `None` = all of it that a key may carry.
    pub permissions: Option<Permissions>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// A key with the secret that is shown once.
#[derive(Debug)]
pub struct WithSecret {
    /// The key.
    pub key: ApiKey,
    /// The bearer.
    pub secret: SecretString,
}

impl Accounts {
    /// Makes a key.
    pub async fn create_key(&self, caller: &Caller, new: NewKey) -> Result<WithSecret, IdentityError> {
        let NewKey { account_id, name, permissions, expires_at } = new;
        let now = self.now();
        if account_id != caller.account_id && !caller.may(Permission::AccountManage) {
            return Err(IdentityError::Missing);
        }
        if matches!(caller.via, Via::ApiKey(_)) {
            return Err(IdentityError::Conflict("接口密钥不能再建密钥"));
        }
        let owner = self.account(account_id).await?;
        if !owner.is_enabled() {
            return Err(IdentityError::Conflict("这个账号已停用"));
        }
        let name = name.trim().to_owned();
        let invalid = |field, message: &str| IdentityError::Invalid { field, message: message.to_owned() };
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(invalid("name", "请写明密钥的用途，最多60个字符"));
        }
        if expires_at.is_some_and(|end| end <= now) {
            return Err(invalid("expires_at", "到期时间已经过去"));
        }
        let may: Permissions = owner.permissions().into_iter().filter(|p| p.delegable()).collect();
        let permissions = permissions.unwrap_or_else(|| may.clone());
        if let Some(extra) = permissions.difference(&may).next() {
            return Err(invalid("permissions", &format!("密钥不能有“{}”的权限", extra.title())));
        }
        if permissions.is_empty() {
            return Err(invalid("permissions", "至少要有一项权限"));
        }
        if self.store.keys(Some(account_id)).await?.iter().filter(|k| k.is_live(now)).count() >= AT_MOST {
            return Err(IdentityError::Conflict("这个账号的密钥太多，请先撤销不用的"));
        }
        let secret = key_from(&self.ids.secret());
        let key = ApiKey {
            id: self.ids.uuid(),
            account_id,
            name,
            prefix: secret.chars().take(SHOWN).collect(),
            permissions,
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let detail = json!({
            "name": key.name, "owner": owner.name, "expires_at": expires_at.map(|t| t.to_string()),
            "permissions": key.permissions.iter().map(|p| p.word()).collect::<Vec<_>>(),
        });
        let entry = self.entry(caller, "key.create", ("key", &key.id.to_string()), detail);
        self.store.add_key(&key, &hash(&secret), &entry).await?;
        Ok(WithSecret { key, secret: SecretString::from(secret) })
    }

    /// Keys of an account or of all, newest first.
    pub async fn keys(&self, account: Option<Uuid>) -> Result<Vec<ApiKey>, IdentityError> {
        Ok(self.store.keys(account).await?)
    }

    /// Takes a key back: one's own, or with the right to manage accounts anyone's. Taking it back twice is no fault.
    pub async fn revoke_key(&self, caller: &Caller, id: Uuid) -> Result<(), IdentityError> {
        let owner = (!caller.may(Permission::AccountManage)).then_some(caller.account_id);
        let keys = self.store.keys(owner).await?;
        let key = keys.iter().find(|k| k.id == id).ok_or(IdentityError::Missing)?;
        let entry = self.entry(caller, "key.revoke", ("key", &id.to_string()), json!({ "name": key.name }));
        self.store.revoke_key(id, owner, self.now(), &entry).await?;
        Ok(())
    }
}
