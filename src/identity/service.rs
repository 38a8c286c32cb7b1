//! Signing in, being known, changing one's own password.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::access_key::{KEY_MARK, Proof, Session};
use super::account::{Account, PasswordState, folded};
use super::audit::{self, AuditEntry};
use super::caller::{Caller, ClientNet, Via};
use super::hash;
use super::password::{self, HashError, Hasher, MAX_CHARS};
use super::settings::IdentitySettings;
use super::store::{AccountStore, Changed, NewPassword, NewSession, StoreError, Try, TryRule};
use crate::core::clock::Clock;
use crate::core::ids::Ids;

/// Sessions of one account at the same time.
const SESSIONS_AT_MOST: u32 = 20;
/// Uses are noted this often, so that a page with ten requests is not ten writes.
const NOTE_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Why the identity room refuses.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No such account, another password, disabled, or a one-time password that is over: all the same to the outside.
    #[error("账号或密码不对，或者账号已停用、一次性密码已过期")]
    WrongCredentials,
    /// Too many wrong tries.
    #[error("尝试次数过多，请稍后再试")]
    Locked {
        /// Seconds.
        retry_after: u64,
    },
    /// The new password is not taken.
    #[error("{0}")]
    WeakPassword(String),
    /// A value is not possible.
    #[error("{message}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What is wrong, for people.
        message: String,
    },
    /// The name is taken.
    #[error("已经有这个账号名")]
    NameTaken,
    /// Nothing of that id.
    #[error("没有这个账号、会话或密钥")]
    Missing,
    /// It would leave the service without an administrator.
    #[error("这是最后一个可用的管理员，先让另一个账号成为管理员")]
    LastAdministrator,
    /// The state does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// Too many sign-ins at once.
    #[error("登录的人太多，请稍后再试")]
    Busy,
    /// The rows failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect of ours.
    #[error("{0}")]
    Broken(String),
}

impl From<HashError> for IdentityError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Broken(why) => Self::Broken(why),
        }
    }
}

/// Where a try to sign in comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// True when wrong tries of this address are not counted (loopback).
    pub exempt: bool,
    /// What the browser calls itself.
    pub device: String,
}

/// Signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// The only key to the session; shown once.
    pub token: SecretString,
}

/// What became of somebody whom the identity provider named.
#[derive(Debug)]
pub enum Named {
    /// Signed in.
    In(Box<SignedIn>),
    /// There is such an account, and it is disabled.
    Disabled,
    /// There is no such account.
    Unknown,
}

/// The accounts of the street.
#[derive(Debug)]
pub struct Accounts {
    pub(super) store: Arc<dyn AccountStore>,
    pub(super) hasher: Hasher,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) settings: IdentitySettings,
}

impl Accounts {
    /// Over the rows.
    #[must_use]
    pub fn new(store: Arc<dyn AccountStore>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>, settings: IdentitySettings) -> Self {
        Self { store, hasher: Hasher::default(), clock, ids, settings }
    }

    /// Now, to the millisecond, as the rows keep it: what an answer says is what the next one says.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    pub(super) fn entry(&self, caller: &Caller, action: &str, object: (&str, &str), detail: serde_json::Value) -> AuditEntry {
        audit::entry(self.now(), caller, action, object, detail)
    }

    fn try_rule(&self, tries: u32) -> TryRule {
        TryRule { tries, lock: SignedDuration::from_mins(i64::from(self.settings.sign_in_lock_minutes)) }
    }

    /// Signs in with name and password. All that is wrong gives the same answer after the same work.
    pub async fn sign_in(&self, name: &str, password: &SecretString, from: &Origin) -> Result<SignedIn, IdentityError> {
        let now = self.now();
        let name = folded(name);
        let net = ClientNet::of(from.address);
        let by_address = (!from.exempt).then(|| address_subject(from.address));
        // Counted before it is checked: a hundred tries at once are a hundred tries.
        let mut locks = Vec::new();
        if let Some(subject) = &by_address {
            let rule = self.try_rule(self.settings.sign_in_tries_per_address);
            if open(self.store.begin_try(subject, rule, now).await?, now)? {
                locks.push(subject.as_str());
            }
        }
        let by_name = name_subject(&name);
        let rule = self.try_rule(self.settings.sign_in_tries);
        if open(self.store.begin_try(&by_name, rule, now).await?, now)? {
            locks.push(&by_name);
        }

        let found = self.store.account_by_name(&name).await?;
        // Longer ones are never kept; comparing them would only cost time that tells.
        let too_long = password.expose_secret().chars().count() > MAX_CHARS;
        let kept = found.as_ref().and_then(|(_, hash)| hash.as_deref()).filter(|_| !too_long);
        let tried = if too_long { &SecretString::from("") } else { password };
        let verified = self.hasher.verify(tried, kept).await?;
        let account = found.map(|(account, _)| account).filter(|a| verified.right && a.is_enabled() && !is_over(a, now));
        let Some(mut account) = account else {
            metrics::counter!("sign_in_failures_total").increment(1);
            for subject in locks {
                let caller = Caller { net: net.clone(), ..Caller::system() };
                // As a hash: what was typed as a name may be a password in the wrong field.
                let entry = self.entry(&caller, "auth.lock", ("sign_in", subject), json!({}));
                self.store.note(&entry).await?;
            }
            return Err(IdentityError::WrongCredentials);
        };
        self.store.end_try(&by_name, true).await?;
        if let Some(subject) = &by_address {
            self.store.end_try(subject, false).await?;
        }
        if verified.outdated
            && let Some(was) = self.store.password_hash(account.id).await?
        {
            let hash = self.hasher.hash(password, &self.ids.secret()).await?;
            self.store.rehash(account.id, &was, &hash).await?;
        }
        let (new, token) = self.fresh_session(&account, &net, &from.device, now, Proof::Password);
        let caller = Caller::by_session(&account, new.session.id, net);
        let entry = self.entry(&caller, "auth.sign_in", ("account", &account.id.to_string()), json!({}));
        self.store.open_session(&new, &entry).await?;
        account.last_sign_in_at = Some(now);
        Ok(SignedIn { account, session: new.session, token })
    }

    /// Opens a session for whom the identity provider named. It is the account of that name, as it is here: roles stay ours.
    pub async fn sign_in_named(&self, name: &str, from: &Origin, issuer: &str) -> Result<Named, IdentityError> {
        let now = self.now();
        let Some((mut account, _)) = self.store.account_by_name(&folded(name)).await? else { return Ok(Named::Unknown) };
        if !account.is_enabled() {
            return Ok(Named::Disabled);
        }
        let net = ClientNet::of(from.address);
        let (new, token) = self.fresh_session(&account, &net, &from.device, now, Proof::Provider);
        let caller = Caller::by_session(&account, new.session.id, net);
        let detail = json!({ "by": "oidc", "issuer": issuer });
        let entry = self.entry(&caller, "auth.sign_in", ("account", &account.id.to_string()), detail);
        self.store.open_session(&new, &entry).await?;
        account.last_sign_in_at = Some(now);
        Ok(Named::In(Box::new(SignedIn { account, session: new.session, token })))
    }

    /// Writes down that somebody whom the provider named was not let in.
    pub async fn note_refused(&self, why: &str, name: Option<&str>, from: &Origin) -> Result<(), IdentityError> {
        let caller = Caller { net: ClientNet::of(from.address), ..Caller::system() };
        let entry = self.entry(&caller, "auth.oidc_refused", ("sign_in", "oidc"), json!({ "why": why, "name": name }));
        Ok(self.store.note(&entry).await?)
    }

    pub(super) fn fresh_session(
        &self,
        account: &Account,
        net: &ClientNet,
        device: &str,
        now: Timestamp,
        proof: Proof,
    ) -> (NewSession, SecretString) {
        let token = self.ids.secret();
        let (idle, whole) = self.times(account);
        let session = Session {
            id: self.ids.uuid(),
            account_id: account.id,
            created_at: now,
            last_seen_at: now,
            idle_until: now.saturating_add(idle).unwrap_or(now),
            ends_at: now.saturating_add(whole).unwrap_or(now),
            net: net.as_str().to_owned(),
            device: device_kind(device).to_owned(),
            proof,
        };
        let new = NewSession { session, token_hash: hash(&token), at_most: SESSIONS_AT_MOST };
        (new, SecretString::from(token))
    }

    /// How long a session may idle, and last in all.
    fn times(&self, account: &Account) -> (SignedDuration, SignedDuration) {
        let s = &self.settings;
        if account.is_field_only() {
            let days = i64::from(s.worker_session_days);
            (SignedDuration::from_hours(i64::from(s.worker_session_idle_hours)), SignedDuration::from_hours(days * 24))
        } else {
            (SignedDuration::from_mins(i64::from(s.session_idle_minutes)), SignedDuration::from_hours(i64::from(s.session_hours)))
        }
    }

    /// Who holds this session token; `None` when it opens nothing (any more).
    pub async fn by_session(&self, token: &str, address: IpAddr) -> Result<Option<Caller>, IdentityError> {
        let now = self.now();
        let Some((session, account)) = self.store.session(&hash(token)).await? else { return Ok(None) };
        let by_password = session.proof == Proof::Password;
        if !session.is_live(now) || !account.is_enabled() || (by_password && is_over(&account, now)) {
            return Ok(None);
        }
        if now.duration_since(session.last_seen_at) >= NOTE_EVERY {
            let (idle, _) = self.times(&account);
            self.store.touch_session(session.id, now, now.saturating_add(idle).unwrap_or(now)).await?;
        }
        let mut caller = Caller::by_session(&account, session.id, ClientNet::of(address));
        caller.must_change_password &= by_password;
        self.widened(caller).await.map(Some)
    }

    /// Who holds this key; `None` when it opens nothing (any more).
    pub async fn by_key(&self, secret: &str, address: IpAddr) -> Result<Option<Caller>, IdentityError> {
        if !secret.starts_with(KEY_MARK) {
            return Ok(None);
        }
        let now = self.now();
        let Some((key, account)) = self.store.key(&hash(secret)).await? else { return Ok(None) };
        if !key.is_live(now) || !account.is_enabled() {
            return Ok(None);
        }
        if key.last_used_at.is_none_or(|last| now.duration_since(last) >= NOTE_EVERY) {
            self.store.touch_key(key.id, now).await?;
        }
        Ok(Some(Caller::by_key(&account, key.id, &key.permissions, ClientNet::of(address))))
    }

    /// Changes the caller's own password: every session ends, and this device gets a new one.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &SecretString,
        new: &SecretString,
        from: &Origin,
    ) -> Result<SignedIn, IdentityError> {
        let now = self.now();
        let account = self.store.account(caller.account_id).await?.ok_or(IdentityError::Missing)?;
        // A borrowed session must not be a way to try passwords.
        let subject = name_subject(&folded(&account.name));
        open(self.store.begin_try(&subject, self.try_rule(self.settings.sign_in_tries), now).await?, now)?;
        let kept = self.store.password_hash(account.id).await?;
        if current.expose_secret().chars().count() > MAX_CHARS || !self.hasher.verify(current, kept.as_deref()).await?.right {
            return Err(IdentityError::Invalid { field: "current", message: "现在的密码不对".to_owned() });
        }
        self.store.end_try(&subject, true).await?;
        if let Some(why) = password::fault(new, &account.name, self.settings.password_min_chars) {
            return Err(IdentityError::WeakPassword(why));
        }
        if self.hasher.verify(new, kept.as_deref()).await?.right {
            return Err(IdentityError::WeakPassword("新密码不能和现在的一样".to_owned()));
        }
        let hash = self.hasher.hash(new, &self.ids.secret()).await?;
        let password = NewPassword { hash, one_time_until: None, at: now };
        let (fresh, token) = self.fresh_session(&account, &caller.net, &from.device, now, Proof::Password);
        let entry = self.entry(caller, "auth.password", ("account", &account.id.to_string()), json!({}));
        match self.store.set_password(account.id, &password, kept.as_deref(), Some(&fresh), &entry).await? {
            Changed::Done => {}
            _ => return Err(IdentityError::Conflict("密码刚刚被改过，请重新登录")),
        }
        let account = Account { password: PasswordState::Chosen, ..account };
        Ok(SignedIn { account, session: fresh.session, token })
    }

    /// The caller's own account.
    pub async fn account(&self, id: Uuid) -> Result<Account, IdentityError> {
        self.store.account(id).await?.ok_or(IdentityError::Missing)
    }

    /// Live sessions of an account, newest first.
    pub async fn sessions(&self, account: Uuid) -> Result<Vec<Session>, IdentityError> {
        Ok(self.store.sessions(account, self.now()).await?)
    }

    /// Ends the session that the caller is in. Ending it twice is no fault.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), IdentityError> {
        if let Via::Session(session) = caller.via {
            let entry = self.entry(caller, "auth.sign_out", ("account", &caller.account_id.to_string()), json!({}));
            self.store.end_session(caller.account_id, session, &entry).await?;
        }
        Ok(())
    }

    /// Ends one of the caller's own sessions.
    pub async fn end_session(&self, caller: &Caller, session: Uuid) -> Result<(), IdentityError> {
        let entry = self.entry(caller, "auth.session_end", ("session", &session.to_string()), json!({}));
        if self.store.end_session(caller.account_id, session, &entry).await? { Ok(()) } else { Err(IdentityError::Missing) }
    }

    /// Ends all sessions of the caller but the one that it is in; how many.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u64, IdentityError> {
        let except = match caller.via {
            Via::Session(session) => Some(session),
            _ => None,
        };
        let entry = self.entry(caller, "auth.sessions_end", ("account", &caller.account_id.to_string()), json!({}));
        Ok(self.store.end_sessions(caller.account_id, except, &entry).await?)
    }

    /// Forgets sessions and wrong tries that are over; called now and then.
    pub async fn sweep(&self) -> Result<u64, IdentityError> {
        let now = self.now();
        let window = SignedDuration::from_mins(i64::from(self.settings.sign_in_lock_minutes));
        Ok(self.store.sweep(now, now.saturating_sub(window).unwrap_or(now)).await?)
    }
}

/// May the try go on? `Ok(true)`: when it fails, its subject is locked.
fn open(tried: Try, now: Timestamp) -> Result<bool, IdentityError> {
    match tried {
        Try::Open { locks } => Ok(locks),
        Try::Locked(until) => {
            let left = until.duration_since(now).as_secs().max(0);
            Err(IdentityError::Locked { retry_after: u64::try_from(left).unwrap_or(0) + 1 })
        }
    }
}

/// True when the account only has a one-time password, and that is over.
fn is_over(account: &Account, now: Timestamp) -> bool {
    matches!(account.password, PasswordState::OneTime(until) if now >= until)
}

/// Under which a name's wrong tries are counted, whether there is such an account or not.
pub(super) fn name_subject(folded_name: &str) -> String {
    format!("name:{}", hash(folded_name))
}

/// Under which an address's wrong tries are counted: IPv4 alone, IPv6 by its /64.
fn address_subject(address: IpAddr) -> String {
    let text = match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    };
    format!("address:{}", hash(&text))
}

/// The kind of device: enough to know one's own, too little to know a person.
fn device_kind(agent: &str) -> &'static str {
    const KINDS: [(&str, &str); 9] = [
        ("MicroMessenger", "微信"),
        ("HarmonyOS", "鸿蒙设备"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "安卓设备"),
        ("Windows", "Windows电脑"),
        ("Macintosh", "Mac电脑"),
        ("Linux", "Linux电脑"),
        ("Mozilla", "浏览器"),
    ];
    KINDS.iter().find(|(mark, _)| agent.contains(mark)).map_or("其他程序", |(_, kind)| kind)
}
