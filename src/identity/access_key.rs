//! What opens the door without a password: sessions of people, keys of programs. Only hashes of both are kept.

use jiff::Timestamp;
use uuid::Uuid;

use super::role::Permissions;

/// By what a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Name and password.
    Password,
    /// The configured identity provider.
    Provider,
}

impl Proof {
    /// The word in the rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
        }
    }

    /// The proof behind a word; what is unknown is held to the stricter rules.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        if word == Self::Provider.word() { Self::Provider } else { Self::Password }
    }
}

/// A person's session at one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Stable id; not the token.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// It ends when it is not used until then.
    pub idle_until: Timestamp,
    /// It ends then in any case.
    pub ends_at: Timestamp,
    /// From which network it began, shortened.
    pub net: String,
    /// Kind of the device as the browser says, shortened.
    pub device: String,
    /// By what it was opened.
    pub proof: Proof,
}

impl Session {
    /// True while it opens something.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.idle_until && now < self.ends_at
    }
}

/// A program's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Stable id; not the secret.
    pub id: Uuid,
    /// Whose.
    pub account_id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its first characters, to tell keys apart.
    pub prefix: String,
    /// What it may do, as long as its owner may.
    pub permissions: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// True while it opens something.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Every key begins with this, so that a leaked one is found by a search.
pub const KEY_MARK: &str = "gwk_";
/// Characters of a key that are shown.
pub const SHOWN: usize = 12;

/// A key from a fresh secret.
#[must_use]
pub fn key_from(secret: &str) -> String {
    format!("{KEY_MARK}{secret}")
}
