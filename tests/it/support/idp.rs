//! A stand-in identity provider on a real loopback socket: discovery, keys, authorization code with PKCE, signed id tokens. It
//! tells the truth until a test wants a lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub const CLIENT: &str = "gridworker";
pub const SECRET: &str = "said once, at registration: +/%";

/// What is wrong with the next id token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    None,
    Nonce,
    Audience,
    /// For several, and asked for by another.
    AuthorizedParty,
    Issuer,
    Expired,
    Future,
    /// Changed after it was signed.
    Payload,
    /// Signed by a key that is not published.
    ForeignKey,
    /// `alg: none`, without a signature.
    Unsigned,
    /// Signed with the client's secret.
    SharedSecret,
    /// Nobody is named.
    NoName,
    /// Not a token.
    Garbage,
}

struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Inner {
    issuer: String,
    key: EcdsaKeyPair,
    kid: String,
    name: String,
    now: Timestamp,
    lie: Lie,
    cancel: bool,
    down: bool,
    grants: HashMap<String, Grant>,
    /// How often the keys were fetched.
    keys_read: usize,
}

/// The provider.
#[derive(Clone)]
pub struct IdentityProvider(Arc<Mutex<Inner>>);

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).expect("a key")
}

impl IdentityProvider {
    /// Serves on a free port; it knows the time of a test's morning.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Inner {
            issuer,
            key: new_key(),
            kid: "first".to_owned(),
            name: "nobody".to_owned(),
            now: super::app::MORNING.parse().expect("a time"),
            lie: Lie::None,
            cancel: false,
            down: false,
            grants: HashMap::new(),
            keys_read: 0,
        };
        let provider = Self(Arc::new(Mutex::new(inner)));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        provider
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().expect("no handler panics with the lock"))
    }

    pub fn issuer(&self) -> String {
        self.with(|i| i.issuer.clone())
    }

    /// Who sits at the browser.
    pub fn names(&self, name: &str) {
        self.with(|i| name.clone_into(&mut i.name));
    }

    pub fn lies(&self, lie: Lie) {
        self.with(|i| i.lie = lie);
    }

    pub fn cancels(&self, cancel: bool) {
        self.with(|i| i.cancel = cancel);
    }

    pub fn is_down(&self, down: bool) {
        self.with(|i| i.down = down);
    }

    /// From now on it signs with another key.
    pub fn changes_keys(&self) {
        self.with(|i| {
            i.key = new_key();
            i.kid = format!("{}+", i.kid);
        });
    }

    pub fn keys_read(&self) -> usize {
        self.with(|i| i.keys_read)
    }
}

async fn metadata(State(provider): State<IdentityProvider>) -> Response {
    provider.with(|i| {
        if i.down {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        let at = |path: &str| format!("{}{path}", i.issuer);
        Json(json!({ "issuer": i.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"] }))
        .into_response()
    })
}

async fn keys(State(provider): State<IdentityProvider>) -> Json<Value> {
    provider.with(|i| {
        i.keys_read += 1;
        let point = i.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let text = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        // A key of a kind that nobody here knows stands beside it, as providers do.
        Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "other", "x": text(x) },
            { "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": i.kid, "x": text(x), "y": text(y) }] }))
    })
}

async fn authorize(State(provider): State<IdentityProvider>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let said = |name: &str| asked.get(name).cloned().unwrap_or_default();
    assert_eq!((said("response_type"), said("client_id")), ("code".to_owned(), CLIENT.to_owned()));
    assert_eq!(said("code_challenge_method"), "S256");
    assert!(said("scope").split(' ').any(|s| s == "openid"));
    let (redirect, state) = (said("redirect_uri"), said("state"));
    assert!(redirect.ends_with("/api/v1/auth/oidc/callback"), "{redirect}");
    provider.with(|i| {
        let back = if i.cancel {
            format!("{redirect}?error=access_denied&state={state}")
        } else {
            let code = format!("code-{}", i.grants.len() + 1);
            i.grants.insert(
                code.clone(),
                Grant { nonce: said("nonce"), challenge: said("code_challenge"), redirect: redirect.clone() },
            );
            format!("{redirect}?code={code}&state={state}")
        };
        Redirect::to(&back).into_response()
    })
}

async fn token(State(provider): State<IdentityProvider>, headers: HeaderMap, body: String) -> Response {
    use sha2::Digest as _;
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET))));
    if headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) != Some(expected.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    provider.with(|i| {
        // A code is good once.
        let Some(grant) = i.grants.remove(&form["code"]) else { return StatusCode::BAD_REQUEST.into_response() };
        let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(form["code_verifier"].as_bytes()));
        if challenge != grant.challenge || form["redirect_uri"] != grant.redirect || form["grant_type"] != "authorization_code" {
            return StatusCode::BAD_REQUEST.into_response();
        }
        Json(json!({ "access_token": "opaque", "token_type": "Bearer", "id_token": i.id_token(&grant.nonce) })).into_response()
    })
}

impl Inner {
    fn id_token(&self, nonce: &str) -> String {
        let now = self.now.as_second();
        let mut claims = json!({ "iss": self.issuer, "sub": "person-17", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
            "preferred_username": self.name });
        let mut header = json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" });
        match self.lie {
            Lie::Nonce => claims["nonce"] = json!("another"),
            Lie::Audience => claims["aud"] = json!("another"),
            Lie::AuthorizedParty => {
                claims["aud"] = json!([CLIENT, "another"]);
                claims["azp"] = json!("another");
            }
            Lie::Issuer => claims["iss"] = json!("http://127.0.0.1:1"),
            Lie::Expired => claims["exp"] = json!(now - 61),
            Lie::Future => claims["iat"] = json!(now + 600),
            Lie::NoName => claims["preferred_username"] = json!(""),
            Lie::Unsigned => header = json!({ "alg": "none" }),
            Lie::SharedSecret => header = json!({ "alg": "HS256" }),
            Lie::None | Lie::Payload | Lie::ForeignKey | Lie::Garbage => {}
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let sign = |key: &EcdsaKeyPair| {
            let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
        };
        match self.lie {
            Lie::Unsigned => format!("{signed}."),
            Lie::SharedSecret => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
                format!("{signed}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes()).as_ref()))
            }
            Lie::ForeignKey => sign(&new_key()),
            Lie::Payload => {
                let whole = sign(&self.key);
                claims["preferred_username"] = json!("admin");
                let parts: Vec<&str> = whole.split('.').collect();
                format!("{}.{}.{}", parts[0], part(&claims), parts[2])
            }
            Lie::Garbage => "not a token".to_owned(),
            _ => sign(&self.key),
        }
    }
}
