//! `[identity]`. Every field is explained in `config.default.toml`.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// Who is who, and for how long.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// Bearer that opens the gridworkers' audience beside accounts; empty = closed.
    #[schemars(with = "String")]
    pub worker_key: SecretString,
    /// Minutes.
    pub session_idle_minutes: u32,
    /// Hours.
    pub session_hours: u32,
    /// Hours, for accounts that are gridworkers and nothing else.
    pub worker_session_idle_hours: u32,
    /// Days, for accounts that are gridworkers and nothing else.
    pub worker_session_days: u32,
    /// Hours.
    pub one_time_password_hours: u32,
    /// Characters.
    pub password_min_chars: usize,
    /// Wrong tries of one account name.
    pub sign_in_tries: u32,
    /// Wrong tries from one client address.
    pub sign_in_tries_per_address: u32,
    /// Minutes.
    pub sign_in_lock_minutes: u32,
    /// Signing in with an identity provider.
    pub oidc: OidcSettings,
}

/// `[identity.oidc]`: the identity provider of the city or district, beside passwords.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// Its address, exactly as it calls itself; empty = off.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; empty for a client without one.
    #[schemars(with = "String")]
    pub client_secret: SecretString,
    /// What the button calls it.
    pub title: String,
    /// The claim that is the account's name.
    pub claim: String,
    /// What is asked for.
    pub scopes: String,
    /// Who has no account yet gets a disabled one, for an administrator to look at.
    pub register_unknown: bool,
}

impl OidcSettings {
    /// True when it is configured.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.issuer.trim().is_empty()
    }

    fn fault(&self) -> Option<&'static str> {
        if !self.is_on() {
            return None;
        }
        if !url::Url::parse(&self.issuer).is_ok_and(|u| super::oidc::may_be_asked(&u) && u.query().is_none()) {
            return Some("identity.oidc.issuer must be an https address without a query (http only on this machine)");
        }
        if self.client_id.trim().is_empty() || self.claim.trim().is_empty() || self.title.trim().is_empty() {
            return Some("identity.oidc needs client_id, claim and title");
        }
        if !self.scopes.split_whitespace().any(|s| s == "openid") {
            return Some("identity.oidc.scopes must name openid");
        }
        None
    }
}

impl IdentitySettings {
    /// Why the values cannot be used together; `None` when they can.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let times = [
            self.session_idle_minutes,
            self.session_hours,
            self.worker_session_idle_hours,
            self.worker_session_days,
            self.one_time_password_hours,
            self.sign_in_tries,
            self.sign_in_tries_per_address,
            self.sign_in_lock_minutes,
        ];
        if times.contains(&0) {
            return Some("identity: session, password and sign-in limits must be at least 1");
        }
        if !(8..=64).contains(&self.password_min_chars) {
            return Some("identity.password_min_chars must be between 8 and 64");
        }
        self.oidc.fault()
    }
}
