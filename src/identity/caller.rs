//! Who calls, verified: what handlers and rooms take instead of headers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use uuid::Uuid;

use super::account::{Account, Scope};
use super::duties::StandIn;
use super::role::{Permission, Permissions, Role};

/// By what a caller is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A person's session, with its id.
    Session(Uuid),
    /// A program's key, with its id.
    ApiKey(Uuid),
    /// Somebody at the machine's own command line.
    Console,
    /// The service itself.
    System,
}

impl Via {
    /// The word in the audit log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::ApiKey(_) => "key",
            Self::Console => "console",
            Self::System => "system",
        }
    }
}

/// A client's address, shortened so that it points to a network and not to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientNet(String);

impl ClientNet {
    /// IPv4 to /24, IPv6 to /48; the machine itself as such.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self(match address {
            _ if address.is_loopback() => "loopback".to_owned(),
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        })
    }

    /// Nobody came over a network.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A verified caller, at the moment of the request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account; nil for the console and the service itself.
    pub account_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: BTreeSet<Role>,
    /// For which part of the street, with the parts of those for whom it stands in.
    pub scope: Scope,
    /// The part of the street that is the account's own.
    pub own_scope: Scope,
    /// The posts that it holds as A; only filled while it stands in for somebody.
    pub own_posts: BTreeSet<String>,
    /// For whom it stands in now.
    pub stands_in: Vec<StandIn>,
    /// By what it is known.
    pub via: Via,
    /// What this call may do: of a session all that the roles may, of a key a part of it.
    pub permissions: Permissions,
    /// True until the first password has been changed: only calls about oneself are open.
    pub must_change_password: bool,
    /// From where.
    pub net: ClientNet,
}

impl Caller {
    /// The owner of a session.
    #[must_use]
    pub fn by_session(account: &Account, session: Uuid, net: ClientNet) -> Self {
        Self {
            account_id: account.id,
            name: account.name.clone(),
            roles: account.roles.clone(),
            scope: account.scope.clone(),
            own_scope: account.scope.clone(),
            own_posts: BTreeSet::new(),
            stands_in: Vec::new(),
            via: Via::Session(session),
            permissions: account.permissions(),
            must_change_password: matches!(account.password, super::account::PasswordState::OneTime(_)),
            net,
        }
    }

    /// The holder of a key: at most what the owner may do now.
    #[must_use]
    pub fn by_key(account: &Account, key: Uuid, granted: &Permissions, net: ClientNet) -> Self {
        let permissions = account.permissions().intersection(granted).copied().filter(|p| p.delegable()).collect();
        Self {
            account_id: account.id,
            name: account.name.clone(),
            roles: account.roles.clone(),
            scope: account.scope.clone(),
            own_scope: account.scope.clone(),
            own_posts: BTreeSet::new(),
            stands_in: Vec::new(),
            via: Via::ApiKey(key),
            permissions,
            must_change_password: false,
            net,
        }
    }

    /// Somebody at the command line of the machine: whoever can read the data folder may do everything.
    #[must_use]
    pub fn console() -> Self {
        Self::inside(Via::Console, "console")
    }

    /// A person who has signed in, no program.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        matches!(self.via, Via::Session(_))
    }

    /// The service itself.
    #[must_use]
    pub fn system() -> Self {
        Self::inside(Via::System, "system")
    }

    fn inside(via: Via, name: &str) -> Self {
        Self {
            account_id: Uuid::nil(),
            name: name.to_owned(),
            roles: BTreeSet::new(),
            scope: Scope::everything(),
            own_scope: Scope::everything(),
            own_posts: BTreeSet::new(),
            stands_in: Vec::new(),
            via,
            permissions: Permission::ALL.iter().copied().collect(),
            must_change_password: false,
            net: ClientNet::none(),
        }
    }

    /// For whom the caller acts on something in `community` and `grid_code` that is the matter of `posts`; `None` when it is its own.
    #[must_use]
    pub fn acts_for(&self, community: &str, grid_code: &str, posts: &[&str]) -> Option<&StandIn> {
        self.stands_in.iter().find(|away| {
            let by_place = away.scope.covers(community, grid_code) && !self.own_scope.covers(community, grid_code);
            let by_post = posts.iter().any(|p| away.posts.contains(*p) && !self.own_posts.contains(*p));
            by_place || by_post
        })
    }

    /// Whether this call may do that.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}
