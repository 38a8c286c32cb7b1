//! An account: a name, its roles, and the part of the street it is for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;
use uuid::Uuid;

use super::role::{Permissions, Role, permissions_of};

/// The part of the street that an account is for. Both lists empty: the whole street.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Names of communities.
    #[serde(default)]
    pub communities: BTreeSet<String>,
    /// Codes of grids.
    #[serde(default)]
    pub grids: BTreeSet<String>,
}

impl Scope {
    /// The whole street.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// True when nothing narrows it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.communities.is_empty() && self.grids.is_empty()
    }

    /// This part and another one together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        if self.is_everything() || other.is_everything() {
            return Self::everything();
        }
        Self {
            communities: self.communities.union(&other.communities).cloned().collect(),
            grids: self.grids.union(&other.grids).cloned().collect(),
        }
    }

    /// True when something in `community` and the grid `grid_code` is within. What has no place is within the whole street only.
    #[must_use]
    pub fn covers(&self, community: &str, grid_code: &str) -> bool {
        self.is_everything() || self.communities.contains(community) || self.grids.contains(grid_code)
    }
}

/// How an account proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordState {
    /// It cannot sign in; only keys work.
    None,
    /// Given by somebody else, to be changed at the first sign-in, void from this moment.
    OneTime(Timestamp),
    /// Chosen by its owner.
    Chosen,
}

/// An account. It is never deleted, so that what it did keeps its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Stable id.
    pub id: Uuid,
    /// Sign-in name as typed, unique in its folded form.
    pub name: String,
    /// Post or note, such as `锦凤社区第七网格 网格员岗`; may be empty.
    pub title: String,
    /// What it is for; at least one.
    pub roles: BTreeSet<Role>,
    /// For which part of the street.
    pub scope: Scope,
    /// How it proves itself.
    pub password: PasswordState,
    /// Since when it opens nothing.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When name, roles, scope or state last changed.
    pub changed_at: Timestamp,
    /// The last time its password was accepted.
    pub last_sign_in_at: Option<Timestamp>,
}

impl Account {
    /// What its roles may do.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        permissions_of(&self.roles)
    }

    /// True while it opens something.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// True for an account that does nothing but walk its grids: it stays signed in longer.
    #[must_use]
    pub fn is_field_only(&self) -> bool {
        self.roles.iter().all(|r| *r == Role::Gridworker)
    }
}

/// Longest name, in characters.
pub const MAX_NAME: usize = 40;
/// Longest title, in characters.
pub const MAX_TITLE: usize = 60;

/// A name in the form in which names are compared: compatibility-folded, lower case, without space around it.
#[must_use]
pub fn folded(name: &str) -> String {
    name.trim().nfkc().collect::<String>().to_lowercase()
}

/// Why `name` cannot be a sign-in name; `None` when it can.
#[must_use]
pub fn name_fault(name: &str) -> Option<&'static str> {
    let folded = folded(name);
    let chars = folded.chars().count();
    if chars < 2 {
        Some("账号名至少2个字符")
    } else if chars > MAX_NAME {
        Some("账号名最多40个字符")
    } else if !folded.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@')) {
        Some("账号名只能用汉字、字母、数字和 . _ - @")
    } else if folded.chars().all(|c| c.is_ascii_digit()) && chars >= 11 {
        Some("账号名不要用手机号或身份证号")
    } else {
        None
    }
}
