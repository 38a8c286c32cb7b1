//! An id token (JWT, RFC 7519) judged: signed by a key of the issuer, for us, now, and for this very sign-in.
//!
//! Two signatures are taken, RS256 and ES256, because these are what identity providers use; `none` and shared secrets never are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the provider's clock may be off, in seconds.
const LEEWAY: i64 = 60;

/// A public key of the issuer (RFC 7517); what is not needed here is not read.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

/// What the token must say.
#[derive(Debug)]
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is no token.
    #[error("the id token cannot be read")]
    Unreadable,
    /// Signed by a method that is not taken.
    #[error("the id token is signed by a method that is not taken")]
    Algorithm,
    /// No key of the issuer has its number: perhaps a new one.
    #[error("no key of the issuer fits the id token")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the id token's signature is wrong")]
    Signature,
    /// Another issuer.
    #[error("the id token is another issuer's")]
    Issuer,
    /// For another program.
    #[error("the id token is for another client")]
    Audience,
    /// Too old, or from the future.
    #[error("the id token is over, or not valid yet")]
    Time,
    /// Of another sign-in.
    #[error("the id token is of another sign-in")]
    Nonce,
    /// Nobody is named.
    #[error("the id token names nobody")]
    Subject,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood: none is.
    #[serde(default)]
    crit: Option<Value>,
}

fn bytes(part: &str) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Unreadable)
}

/// The claims of a token that is in order.
pub(super) fn claims(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Map<String, Value>, TokenFault> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Unreadable)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenFault::Unreadable)?;
    let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| TokenFault::Unreadable)?;
    if header.crit.is_some() {
        return Err(TokenFault::Algorithm);
    }
    let signature = bytes(signature)?;
    let key = key_for(&header, keys)?;
    let right = match header.alg.as_str() {
        "RS256" => {
            let part = |p: &Option<String>| p.as_deref().map(bytes).transpose()?.ok_or(TokenFault::UnknownKey);
            RsaPublicKeyComponents { n: part(&key.n)?, e: part(&key.e)? }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
                .is_ok()
        }
        "ES256" => {
            let part = |p: &Option<String>| p.as_deref().map(bytes).transpose()?.ok_or(TokenFault::UnknownKey);
            let point = [vec![4], part(&key.x)?, part(&key.y)?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature).is_ok()
        }
        _ => return Err(TokenFault::Algorithm),
    };
    if !right {
        return Err(TokenFault::Signature);
    }
    let claims: Map<String, Value> = serde_json::from_slice(&bytes(payload)?).map_err(|_| TokenFault::Unreadable)?;
    judge(&claims, expected)?;
    Ok(claims)
}

fn key_for<'a>(header: &Header, keys: &'a [Jwk]) -> Result<&'a Jwk, TokenFault> {
    let kind = match header.alg.as_str() {
        "RS256" => "RSA",
        "ES256" => "EC",
        _ => return Err(TokenFault::Algorithm),
    };
    let fits = |key: &&Jwk| {
        key.kty == kind
            && key.usage.as_deref().is_none_or(|u| u == "sig")
            && key.alg.as_deref().is_none_or(|a| a == header.alg)
            && (kind == "RSA" || key.crv.as_deref() == Some("P-256"))
            && header.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid))
    };
    let mut fitting = keys.iter().filter(fits);
    let key = fitting.next().ok_or(TokenFault::UnknownKey)?;
    // Without a number there must be no doubt which key is meant.
    if header.kid.is_none() && fitting.next().is_some() { Err(TokenFault::UnknownKey) } else { Ok(key) }
}

fn judge(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), TokenFault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(TokenFault::Issuer);
    }
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.client_id,
        // Among several the one who asked for it must be named.
        Some(Value::Array(all)) => {
            all.iter().any(|a| a == expected.client_id) && (all.len() == 1 || text("azp") == Some(expected.client_id))
        }
        _ => false,
    };
    if !for_us || text("azp").is_some_and(|azp| azp != expected.client_id) {
        return Err(TokenFault::Audience);
    }
    let now = expected.now.as_second();
    #[expect(clippy::cast_possible_truncation, reason = "seconds, some providers write them with a fraction")]
    let seconds = |name: &str| claims.get(name).and_then(|v| v.as_i64().or_else(|| v.as_f64().map(|f| f as i64)));
    if seconds("exp").is_none_or(|exp| exp.saturating_add(LEEWAY) <= now)
        || seconds("iat").is_none_or(|iat| iat > now.saturating_add(LEEWAY))
        || seconds("nbf").is_some_and(|nbf| nbf > now.saturating_add(LEEWAY))
    {
        return Err(TokenFault::Time);
    }
    if !text("nonce").is_some_and(|nonce| super::super::same(nonce, expected.nonce)) {
        return Err(TokenFault::Nonce);
    }
    if text("sub").is_none_or(str::is_empty) { Err(TokenFault::Subject) } else { Ok(()) }
}
