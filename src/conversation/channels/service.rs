//! The channels as everybody reads them, and what the desk does with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use parking_lot::RwLock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::origin::Sites;
use super::store::{ChannelStore, Saved, Secret};
use super::token::{self, Refused};
use super::{Channel, ChannelSettings, DEFAULT, SecretInfo, WORKER, Wrong, is_built_in, is_id};
use crate::conversation::store::StoreError;
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::identity::{self, AuditEntry, Caller, audit};

/// How long the secret before a new one may go on opening, at most.
pub const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A change is not made.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// There is no such channel or secret.
    #[error("no such channel")]
    Missing,
    /// There is one of this id.
    #[error("the id is taken")]
    Taken,
    /// Somebody else changed it meanwhile; this is its revision now.
    #[error("changed meanwhile, revision {0}")]
    Changed(u32),
    /// Fields that cannot be so.
    #[error("fields are wrong")]
    Wrong(Vec<Wrong>),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A conversation may not begin.
#[derive(Debug)]
pub enum NotAdmitted {
    /// There is no such channel.
    Missing,
    /// It is closed.
    Disabled,
    /// The channel asks for a token and there is none.
    TokenRequired,
    /// The token opens nothing.
    Token(Refused),
    /// Storage failed.
    Store(StoreError),
}

/// The channels.
pub struct Channels {
    store: Arc<dyn ChannelStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    anywhere: Sites,
    /// As kept. One process holds the data folder, so nobody changes them behind it.
    known: RwLock<BTreeMap<String, Arc<Channel>>>,
    /// Changes take turns, so that what is known is what was kept last.
    changing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channels").field("known", &self.known.read().len()).finish_non_exhaustive()
    }
}

impl Channels {
    /// Reads them. `anywhere` says who may show the window of a channel that names nobody.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn open(
        store: Arc<dyn ChannelStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        anywhere: Sites,
    ) -> Result<Self, StoreError> {
        let mut known: BTreeMap<String, Arc<Channel>> =
            [DEFAULT, WORKER].map(|id| (id.to_owned(), Arc::new(Channel::untouched(id)))).into();
        for channel in store.channels().await? {
            known.insert(channel.id.clone(), Arc::new(channel));
        }
        Ok(Self { store, clock, ids, anywhere, known: RwLock::new(known), changing: tokio::sync::Mutex::new(()) })
    }

    /// A channel.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Channel>> {
        self.known.read().get(id).cloned()
    }

    /// All of them: those that always exist, then by id.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Channel>> {
        let mut all: Vec<_> = self.known.read().values().cloned().collect();
        all.sort_by_key(|c| (!c.is_built_in(), c.id.clone()));
        all
    }

    /// Who may show the window of a channel. A channel that does not exist is shown by nobody else.
    #[must_use]
    pub fn sites(&self, id: &str) -> Sites {
        match self.get(id) {
            Some(channel) if channel.settings.origins.is_empty() => self.anywhere.clone(),
            Some(channel) => Sites::These(channel.settings.origins.clone()),
            None => Sites::These(Vec::new()),
        }
    }

    /// Makes a channel.
    ///
    /// # Errors
    /// The id cannot be one or is taken, fields are wrong, storage failed.
    pub async fn create(&self, caller: &Caller, id: &str, settings: ChannelSettings) -> Result<Arc<Channel>, ChannelError> {
        if !is_id(id) {
            let why = "2到32个小写字母、数字或连字符，以字母开头".to_owned();
            return Err(ChannelError::Wrong(vec![Wrong { field: "id", why }]));
        }
        let _turn = self.changing.lock().await;
        if self.get(id).is_some() {
            return Err(ChannelError::Taken);
        }
        self.keep(caller, &Channel::untouched(id), settings, "channel.create").await
    }

    /// Changes a channel that the caller saw at revision `seen`.
    ///
    /// # Errors
    /// There is none, somebody else was faster, fields are wrong, storage failed.
    pub async fn change(
        &self,
        caller: &Caller,
        id: &str,
        seen: u32,
        settings: ChannelSettings,
    ) -> Result<Arc<Channel>, ChannelError> {
        let _turn = self.changing.lock().await;
        let before = self.get(id).ok_or(ChannelError::Missing)?;
        if before.revision != seen {
            return Err(ChannelError::Changed(before.revision));
        }
        self.keep(caller, &before, settings, "channel.change").await
    }

    async fn keep(
        &self,
        caller: &Caller,
        before: &Channel,
        settings: ChannelSettings,
        action: &str,
    ) -> Result<Arc<Channel>, ChannelError> {
        let settings = settings.tidied(&before.id).map_err(ChannelError::Wrong)?;
        if settings.secure && self.opening(&before.id).await?.is_empty() {
            let why = "安全模式要先生成签名密钥".to_owned();
            return Err(ChannelError::Wrong(vec![Wrong { field: "secure", why }]));
        }
        let channel = Channel {
            id: before.id.clone(),
            revision: before.revision + 1,
            changed_at: Some(self.clock.now()),
            changed_by: caller.name.clone(),
            settings,
        };
        let entry = self.entry(caller, action, &channel.id, difference(&before.settings, &channel.settings));
        match self.store.save_channel(&channel, &entry).await? {
            Saved::Done => {}
            Saved::Changed(revision) => return Err(ChannelError::Changed(revision)),
        }
        let channel = Arc::new(channel);
        self.known.write().insert(channel.id.clone(), Arc::clone(&channel));
        Ok(channel)
    }

    /// The secrets of a channel, newest first.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn secrets(&self, id: &str) -> Result<Vec<SecretInfo>, StoreError> {
        Ok(self.store.channel_secrets(id).await?.into_iter().map(|s| s.info).collect())
    }

    /// Makes a new secret, which is told here and never again. The one before opens for `overlap` longer.
    ///
    /// # Errors
    /// There is no such channel, the overlap is too long, storage failed.
    pub async fn rotate(&self, caller: &Caller, id: &str, overlap: SignedDuration) -> Result<Secret, ChannelError> {
        if is_built_in(id) {
            let why = "这个渠道供所有人使用，不用签名密钥".to_owned();
            return Err(ChannelError::Wrong(vec![Wrong { field: "secure", why }]));
        }
        if overlap < SignedDuration::ZERO || overlap > LONGEST_OVERLAP {
            return Err(ChannelError::Wrong(vec![Wrong { field: "overlap_hours", why: "应为0到168小时".to_owned() }]));
        }
        let _turn = self.changing.lock().await;
        self.get(id).ok_or(ChannelError::Missing)?;
        let now = self.clock.now();
        let info = SecretInfo { id: self.ids.uuid(), made_at: now, made_by: caller.name.clone(), ends_at: None };
        let secret = Secret { secret: format!("gwc_{}", self.ids.secret()), info };
        let detail = json!({ "key": secret.info.id, "overlap_hours": overlap.as_hours() });
        let entry = self.entry(caller, "channel.secret", id, detail);
        self.store.rotate_channel_secret(id, &secret, now + overlap, &entry).await?;
        Ok(secret)
    }

    /// Ends a secret at once: it was seen by somebody.
    ///
    /// # Errors
    /// There is no such secret that still opens, it is the last one of a channel in secure mode, storage failed.
    pub async fn end_secret(&self, caller: &Caller, id: &str, secret: Uuid) -> Result<(), ChannelError> {
        let _turn = self.changing.lock().await;
        let channel = self.get(id).ok_or(ChannelError::Missing)?;
        let opening = self.opening(id).await?;
        if channel.settings.secure && opening.iter().all(|s| s.info.id == secret) && !opening.is_empty() {
            let why = "这是最后一个有效的密钥，停用后没有人能打开窗口；请先生成新密钥".to_owned();
            return Err(ChannelError::Wrong(vec![Wrong { field: "secret", why }]));
        }
        let entry = self.entry(caller, "channel.secret_end", id, json!({ "key": secret }));
        let ended = self.store.end_channel_secret(id, secret, self.clock.now(), &entry).await?;
        if ended { Ok(()) } else { Err(ChannelError::Missing) }
    }

    /// Secrets that open the channel now.
    async fn opening(&self, id: &str) -> Result<Vec<Secret>, StoreError> {
        let now = self.clock.now();
        let all = self.store.channel_secrets(id).await?;
        Ok(all.into_iter().filter(|s| s.info.ends_at.is_none_or(|end| end > now)).collect())
    }

    /// Whether a conversation may begin; uses the token up.
    ///
    /// # Errors
    /// Why it may not.
    pub async fn admit(&self, channel: &Channel, token: Option<&str>) -> Result<(), NotAdmitted> {
        if !channel.settings.enabled {
            return Err(NotAdmitted::Disabled);
        }
        if !channel.settings.secure {
            return Ok(());
        }
        let token = token.map(str::trim).filter(|t| !t.is_empty()).ok_or(NotAdmitted::TokenRequired)?;
        let secrets = self.opening(&channel.id).await.map_err(NotAdmitted::Store)?;
        let read = token::read(token, &channel.id, secrets.iter().map(|s| s.secret.as_str()), self.clock.now());
        let read = read.map_err(NotAdmitted::Token)?;
        let first = self.store.use_channel_token(&channel.id, &identity::hash(&read.jti), read.until).await;
        if first.map_err(NotAdmitted::Store)? { Ok(()) } else { Err(NotAdmitted::Token(Refused::Used)) }
    }

    /// Forgets tokens that have run out.
    ///
    /// # Errors
    /// Storage failed.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        self.store.forget_channel_tokens(self.clock.now()).await
    }

    fn entry(&self, caller: &Caller, action: &str, id: &str, detail: Value) -> AuditEntry {
        let now: Timestamp = self.clock.now();
        audit::entry(now, caller, action, ("channel", id), detail)
    }
}

/// The fields that differ, as they were and as they are.
fn difference(before: &ChannelSettings, after: &ChannelSettings) -> Value {
    let fields = |settings: &ChannelSettings| serde_json::to_value(settings).unwrap_or_default();
    let (old, new) = (fields(before), fields(after));
    let mut changed = serde_json::Map::new();
    for (name, value) in new.as_object().into_iter().flatten() {
        if old.get(name) != Some(value) {
            changed.insert(name.clone(), json!({ "before": old.get(name), "after": value }));
        }
    }
    Value::Object(changed)
}
