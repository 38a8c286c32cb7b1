//! Staff as types: a test says `app.as_curator().await` and calls what a curator calls.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, RwLock};

use gridworker::identity::account::{Account, PasswordState, folded};
use gridworker::identity::store::{AccountStore as _, NewPassword};
use gridworker::identity::{Caller, Role, Scope, audit};
use gridworker::storage::sqlite::Sqlite;
use gridworker::storage::sqlite::accounts::SqliteAccounts;
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::wire::Answer;

/// Everybody's password in tests.
pub const PASSWORD: &str = "六只橘猫坐在屋顶上看星星";
/// The same, hashed with the least that argon2id takes, so that a test signs in quickly.
const QUICK_HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$";

type Address = Arc<RwLock<SocketAddr>>;

/// An account whose password is [`PASSWORD`].
pub fn account(name: &str, roles: &[Role], scope: Scope, now: Timestamp) -> Account {
    Account {
        id: Uuid::from_bytes(*blake(name).first_chunk().expect("16 bytes")),
        name: name.to_owned(),
        title: String::new(),
        roles: roles.iter().copied().collect(),
        scope,
        password: PasswordState::Chosen,
        disabled_at: None,
        created_at: now,
        changed_at: now,
        last_sign_in_at: None,
    }
}

fn blake(name: &str) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(name.as_bytes()).into()
}

/// Adds it to the rows.
pub async fn add(db: &Sqlite, account: &Account) {
    let hash = quick_hash();
    let password = NewPassword { hash, one_time_until: None, at: account.created_at };
    let entry =
        audit::entry(account.created_at, &Caller::system(), "account.create", ("account", &account.id.to_string()), json!({}));
    let rows = SqliteAccounts::new(db.clone());
    let added =
        rows.add_account(account, &folded(&account.name), Some(&password), &entry).await.expect("the rows take an account");
    assert_eq!(added, gridworker::identity::store::Changed::Done, "{} is a new name", account.name);
}

fn quick_hash() -> String {
    use argon2::password_hash::PasswordHasher as _;
    let params = argon2::Params::new(8, 1, 1, None).expect("parameters");
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = argon.hash_password_with_salt(PASSWORD.as_bytes(), b"salt of the test").expect("a hash").to_string();
    assert!(hash.starts_with(QUICK_HASH), "{hash}");
    hash
}

/// Somebody with an account and a session.
#[derive(Clone)]
pub struct Staff {
    http: reqwest::Client,
    address: Address,
    /// Their account.
    pub id: Uuid,
    /// Their sign-in name.
    pub name: String,
    /// `name=value` of the session's cookie.
    pub cookie: String,
}

impl Staff {
    pub async fn sign_in(http: reqwest::Client, address: Address, name: &str, password: &str, id: Uuid) -> Self {
        let mut staff = Self { http, address, id, name: name.to_owned(), cookie: String::new() };
        let answer = staff.post("/api/v1/auth/sign-in", &json!({ "name": name, "password": password })).await;
        answer.expect(200);
        staff.cookie = cookie_of(&answer).expect("signing in sets the cookie");
        staff
    }

    /// Any call in this session; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address.read().expect("no test panics with the lock"));
        let request = self.http.request(method, url);
        if self.cookie.is_empty() { request } else { request.header("cookie", &self.cookie) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body).send().await).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(body).send().await).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(body).send().await).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path).send().await).await
    }

    /// The same person with another cookie, at another device or later.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { cookie: cookie.to_owned(), ..self.clone() }
    }
}

/// `name=value` of the cookie that an answer sets.
pub fn cookie_of(answer: &Answer) -> Option<String> {
    answer.header("set-cookie").split(';').next().map(str::to_owned).filter(|c| !c.is_empty())
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            pub struct $name(pub Staff);

            impl Deref for $name {
                type Target = Staff;

                fn deref(&self) -> &Staff {
                    &self.0
                }
            }
        )*
    };
}

roles! {
    /// Writes the knowledge.
    Curator;
    /// Approves and publishes.
    Reviewer;
    /// Accounts, index, system.
    Administrator;
    /// Hands events to posts.
    Dispatcher;
    /// Reads, changes nothing.
    Auditor;
    /// A gridworker's account.
    FieldWorker;
}
