//! Signing in with the identity provider of the city or district (`OpenID` Connect Core: authorization code, PKCE, state, nonce).
//!
//! The provider says who somebody is; what they may do stays ours. A sign-in is begun here, remembered for ten minutes under its
//! `state` and bound to the browser by a cookie, and can be finished once. The provider's keys are fetched again when a token
//! names one that is not known.

mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

pub use self::token::TokenFault;
use self::token::{Expected, Jwk};
use super::settings::OidcSettings;
use super::{hash, same};
use crate::core::clock::Clock;
use crate::core::ids::Ids;

/// How long somebody may take at the provider.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// How long what the provider says about itself is believed.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// Sign-ins under way at the same time; the oldest gives way.
const AT_MOST: usize = 2000;
/// Bytes of an answer of the provider.
const LARGEST: usize = 256 * 1024;

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Another browser, another sign-in, too late, or a second time.
    #[error("this sign-in was not begun here, or is over")]
    Stale,
    /// The provider was not asked to the end: the person broke off or was refused there.
    #[error("the provider says: {0}")]
    Refused(String),
    /// The provider does not answer, or not as it should.
    #[error("the provider does not answer as it should: {0}")]
    Provider(String),
    /// What it answered does not prove anything.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// The token does not have the claim that names the account.
    #[error("the id token has no claim {0}")]
    NoName(String),
}

/// A sign-in that begins.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What the browser keeps meanwhile.
    pub binding: String,
}

#[derive(Debug)]
struct Pending {
    nonce: String,
    verifier: String,
    binding: String,
    back: String,
    until: Timestamp,
}

/// What the provider says about itself (`.well-known/openid-configuration`).
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Known {
    metadata: Metadata,
    keys: Arc<Vec<Jwk>>,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// The way over the provider.
#[derive(Debug)]
pub struct Oidc {
    settings: OidcSettings,
    callback: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    pending: Mutex<HashMap<String, Pending>>,
    known: Mutex<Option<Known>>,
}

impl Oidc {
    /// From the configuration; `None` when there is none. `callback` is where the provider sends browsers back.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(
        settings: &OidcSettings,
        callback: String,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Option<Self>, reqwest::Error> {
        if !settings.is_on() {
            return Ok(None);
        }
        // No redirects: what the provider answers is believed only where it was asked.
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(15))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let (pending, known) = (Mutex::default(), Mutex::default());
        Ok(Some(Self { settings: settings.clone(), callback, http, clock, ids, pending, known }))
    }

    /// What the button says.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.settings.title
    }

    /// Whether an account is made (disabled) for who has none.
    #[must_use]
    pub const fn registers(&self) -> bool {
        self.settings.register_unknown
    }

    /// Who vouches.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Begins a sign-in; `back` is where the person was.
    pub async fn begin(&self, back: &str) -> Result<Begun, OidcError> {
        let known = self.known(false).await?;
        let (state, nonce, verifier, binding) = (self.ids.secret(), self.ids.secret(), self.ids.secret(), self.ids.secret());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut url = endpoint(&known.metadata.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.callback)
            .append_pair("scope", &self.settings.scopes)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let now = self.clock.now();
        let until = now.saturating_add(PATIENCE).unwrap_or(now);
        let begun = Pending { nonce, verifier, binding: hash(&binding), back: back.to_owned(), until };
        let mut pending = self.pending.lock();
        pending.retain(|_, p| now < p.until);
        if pending.len() >= AT_MOST
            && let Some(oldest) = pending.iter().min_by_key(|(_, p)| p.until).map(|(state, _)| state.clone())
        {
            pending.remove(&oldest);
        }
        pending.insert(state, begun);
        Ok(Begun { url: url.into(), binding })
    }

    /// Takes the sign-in of this `state` and browser, once: where the person was, and what is needed to finish.
    ///
    /// # Errors
    /// There is none such.
    pub fn take(&self, state: &str, binding: Option<&str>) -> Result<(String, Underway), OidcError> {
        let mut pending = self.pending.lock();
        let known = pending.get(state).ok_or(OidcError::Stale)?;
        // Another browser must not end somebody's sign-in by guessing: it stays where it is.
        if !binding.is_some_and(|b| same(&hash(b), &known.binding)) {
            return Err(OidcError::Stale);
        }
        let taken = pending.remove(state).ok_or(OidcError::Stale)?;
        if self.clock.now() >= taken.until {
            return Err(OidcError::Stale);
        }
        let Pending { nonce, verifier, back, .. } = taken;
        Ok((back, Underway { nonce, verifier }))
    }

    /// Changes the code for an id token and judges it: the name under which the account is looked up.
    pub async fn finish(&self, underway: &Underway, code: &str) -> Result<String, OidcError> {
        let known = self.known(false).await?;
        let tokens: Tokens = self.exchange(&known.metadata, underway, code).await?;
        let claims = match self.judge(&tokens.id_token, &known.keys, underway) {
            // The provider has changed its keys.
            Err(TokenFault::UnknownKey) => {
                let known = self.known(true).await?;
                self.judge(&tokens.id_token, &known.keys, underway)?
            }
            judged => judged?,
        };
        let name = claims.get(&self.settings.claim).and_then(Value::as_str).map(str::trim).filter(|n| !n.is_empty());
        name.map(str::to_owned).ok_or_else(|| OidcError::NoName(self.settings.claim.clone()))
    }

    fn judge(&self, token: &str, keys: &[Jwk], underway: &Underway) -> Result<serde_json::Map<String, Value>, TokenFault> {
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &underway.nonce,
            now: self.clock.now(),
        };
        token::claims(token, keys, &expected)
    }

    async fn exchange(&self, metadata: &Metadata, underway: &Underway, code: &str) -> Result<Tokens, OidcError> {
        let secret = self.settings.client_secret.expose_secret();
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.callback),
            ("code_verifier", &underway.verifier),
        ];
        let mut request = self.http.post(endpoint(&metadata.token_endpoint)?);
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        if secret.is_empty() {
            form.push(("client_id", &self.settings.client_id));
        } else if methods.is_none_or(|m| m.iter().any(|m| m == "client_secret_basic")) {
            // Both parts are form-encoded first (RFC 6749, 2.3.1).
            let pair = STANDARD.encode(format!("{}:{}", encoded(&self.settings.client_id), encoded(secret)));
            request = request.header(AUTHORIZATION, format!("Basic {pair}"));
        } else {
            form.extend([("client_id", self.settings.client_id.as_str()), ("client_secret", secret)]);
        }
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(body.join("&"));
        answer(request).await
    }

    /// What the provider says about itself, with its keys; asked again when it is old, or `anew`.
    async fn known(&self, anew: bool) -> Result<Known, OidcError> {
        let now = self.clock.now();
        let kept = self.known.lock().clone().filter(|k| !anew && now < k.until);
        if let Some(known) = kept {
            return Ok(known);
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let address = endpoint(&format!("{issuer}/.well-known/openid-configuration"))?;
        let metadata: Metadata = answer(self.http.get(address)).await?;
        if metadata.issuer != self.settings.issuer {
            return Err(OidcError::Provider("it calls itself by another name than the configured issuer".to_owned()));
        }
        let keys: Keys = answer(self.http.get(endpoint(&metadata.jwks_uri)?)).await?;
        // Keys of kinds that are not known here are no fault.
        let keys = keys.keys.into_iter().filter_map(|k| serde_json::from_value(k).ok()).collect();
        let known = Known { metadata, keys: Arc::new(keys), until: now.saturating_add(FRESH).unwrap_or(now) };
        *self.known.lock() = Some(known.clone());
        Ok(known)
    }
}

/// What is needed to finish a sign-in.
#[derive(Debug)]
pub struct Underway {
    nonce: String,
    verifier: String,
}

/// An address of the provider: https, or this machine itself.
fn endpoint(address: &str) -> Result<Url, OidcError> {
    let wrong = |why: &str| OidcError::Provider(format!("an address {why}"));
    let url = Url::parse(address).map_err(|_| wrong("cannot be read"))?;
    if may_be_asked(&url) { Ok(url) } else { Err(wrong("is neither https nor on this machine")) }
}

/// True for what keys and codes may be sent to.
#[must_use]
pub(super) fn may_be_asked(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Ipv4(v4)) => v4.is_loopback(),
        Some(url::Host::Ipv6(v6)) => v6.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, OidcError> {
    // The error's own words may hold the address with its query; they are not repeated.
    let failed = |_: reqwest::Error| OidcError::Provider("no answer".to_owned());
    let mut response = request.send().await.map_err(failed)?;
    if !response.status().is_success() {
        return Err(OidcError::Provider(format!("status {}", response.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&piece);
        if body.len() > LARGEST {
            return Err(OidcError::Provider("an answer that is too long".to_owned()));
        }
    }
    serde_json::from_slice(&body).map_err(|_| OidcError::Provider("an answer of another shape".to_owned()))
}
