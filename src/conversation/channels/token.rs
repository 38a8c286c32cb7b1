//! What a host signs for somebody on its page: a JWT under HMAC-SHA256 that is good for one conversation, for minutes.
//!
//! The secret stays on the host's server; no page ever holds anything that lasts. Claims: `channel`, `exp` (at most ten minutes
//! ahead), `jti`, perhaps `iat`, `nbf`, and `visitor`, an opaque id by which the window notices that another person sits there.
//! There is no room for anything else, so a host cannot tell us who somebody is even by mistake.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha2::Sha256;

/// How far ahead `exp` may be.
pub const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// How far the host's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// Characters of a whole token.
const MOST: usize = 2048;

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is none, was signed with another secret, or says what a token may not say.
    Invalid(&'static str),
    /// It is for another channel.
    Foreign,
    /// It has run out.
    Expired,
    /// It has opened a conversation already.
    Used,
}

/// A token that may be used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub jti: String,
    /// When it can be forgotten.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    // What must be understood to be checked is not understood here.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    channel: String,
    exp: f64,
    jti: String,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    visitor: Option<String>,
}

/// Reads a token against every secret that opens the channel now.
///
/// # Errors
/// Why it opens nothing. What a token says is only looked at when its signature is right.
pub fn read<'a>(
    token: &str,
    channel: &str,
    secrets: impl IntoIterator<Item = &'a str>,
    now: Timestamp,
) -> Result<Token, Refused> {
    let broken = Refused::Invalid("不是有效的凭证");
    if token.len() > MOST {
        return Err(broken);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(broken)?;
    let (head, claims) = signed.split_once('.').ok_or(broken)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| broken);
    let head: Head = serde_json::from_slice(&decode(head)?).map_err(|_| broken)?;
    let known = head.alg == "HS256" && head.crit.is_none() && head.typ.is_none_or(|t| t.eq_ignore_ascii_case("JWT"));
    if !known {
        return Err(Refused::Invalid("签名算法应为HS256"));
    }
    let signature = decode(signature)?;
    // Every secret is tried to the end: which one fits is nobody's business.
    let fits = secrets.into_iter().fold(false, |fits, secret| fits | is_signed(signed, &signature, secret));
    if !fits {
        return Err(Refused::Invalid("签名不对，请检查密钥"));
    }
    let claims = decode(claims)?;
    let claims: Claims = serde_json::from_slice(&claims)
        .map_err(|_| Refused::Invalid("内容只能有channel、exp、jti、iat、nbf、visitor，写法见接口文档"))?;
    if claims.channel != channel {
        return Err(Refused::Foreign);
    }
    let until = instant(claims.exp).ok_or(Refused::Invalid("exp应为秒数"))?;
    if until <= now {
        return Err(Refused::Expired);
    }
    if until > now + LONGEST + SKEW {
        return Err(Refused::Invalid("有效期最长10分钟"));
    }
    if [claims.iat, claims.nbf].into_iter().flatten().any(|at| instant(at).is_none_or(|at| at > now + SKEW)) {
        return Err(Refused::Invalid("签发时间在将来，请核对服务器时钟"));
    }
    let word = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
    };
    if !word(&claims.jti, 8, 100) {
        return Err(Refused::Invalid("jti应为8到100个字母、数字或-_.~"));
    }
    if claims.visitor.is_some_and(|v| !word(&v, 1, 64) || names_somebody(&v)) {
        return Err(Refused::Invalid("visitor应为不含个人信息的编号，最多64个字母、数字或-_.~"));
    }
    Ok(Token { jti: claims.jti, until })
}

fn is_signed(signed: &str, signature: &[u8], secret: &str) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).is_ok_and(|mut mac| {
        mac.update(signed.as_bytes());
        mac.verify_slice(signature).is_ok()
    })
}

/// Whole seconds since 1970 or with a fraction, as `NumericDate` may be.
fn instant(seconds: f64) -> Option<Timestamp> {
    let ms = seconds * 1000.0;
    if !ms.is_finite() || ms.abs() > 1e15 {
        return None;
    }
    Timestamp::from_millisecond(ms as i64).ok()
}

/// A telephone or identity number is no opaque id.
fn names_somebody(id: &str) -> bool {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let phone = id.len() == 11 && digits(id) && id.starts_with('1');
    let identity = id.len() == 18 && digits(&id[..17]) && (digits(&id[17..]) || id.ends_with(['x', 'X']));
    phone || identity
}
