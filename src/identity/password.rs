//! Passwords: which ones are taken, and how they are kept (argon2id with OWASP's parameters: 19 MiB, two passes, one lane).

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use super::account::folded;

/// Longest password, in characters: enough for any sentence, too short to keep the machine busy.
pub const MAX_CHARS: usize = 128;
/// Hashes computed at the same time; each takes 19 MiB and some 20 ms.
const AT_ONCE: usize = 2;
/// How long a hash may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Compared with when there is no such account, so that the answer takes as long. No password has this hash.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many at once.
    #[error("too many sign-ins at once")]
    Busy,
    /// A defect of ours or of the rows.
    #[error("password hash: {0}")]
    Broken(String),
}

/// What a comparison said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// It is the password.
    pub right: bool,
    /// It is kept with older parameters and should be hashed again.
    pub outdated: bool,
}

/// Hashes and compares passwords, a few at a time, off the threads that serve requests.
#[derive(Debug, Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// Full-width digits of an input method and their plain forms are the same password.
fn normal(password: &SecretString) -> SecretString {
    SecretString::from(password.expose_secret().nfkc().collect::<String>())
}

impl Hasher {
    /// The hash of `password` as a PHC string. `randomness` is a fresh secret (`Ids::secret`), of which the salt is made.
    pub async fn hash(&self, password: &SecretString, randomness: &str) -> Result<String, HashError> {
        let password = normal(password);
        let salt: [u8; 32] = Sha256::digest(randomness.as_bytes()).into();
        self.blocking(move || {
            argon()
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt[..16])
                .map(|hash| hash.to_string())
                .map_err(|e| HashError::Broken(e.to_string()))
        })
        .await
    }

    /// Compares `password` with `kept`. Without anything kept it takes as long and is wrong.
    pub async fn verify(&self, password: &SecretString, kept: Option<&str>) -> Result<Verified, HashError> {
        let password = normal(password);
        let exists = kept.is_some();
        let kept = kept.unwrap_or(DECOY).to_owned();
        self.blocking(move || {
            let parsed = PasswordHash::new(&kept).map_err(|e| HashError::Broken(e.to_string()))?;
            let params = Params::try_from(&parsed).map_err(|e| HashError::Broken(e.to_string()))?;
            let right = argon().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
            let outdated = (params.m_cost(), params.t_cost(), params.p_cost())
                != (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST);
            Ok(Verified { right: right && exists, outdated })
        })
        .await
    }

    /// # Cancel safety
    /// When the caller goes away the computation runs to its end and keeps its turn until then.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| HashError::Busy)?.map_err(|_| HashError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|e| HashError::Broken(e.to_string()))?
    }
}

/// Words that very many passwords are made of, in the form of [`bare`].
const COMMON: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pass",
    "admin",
    "administrator",
    "root",
    "user",
    "guest",
    "test",
    "demo",
    "login",
    "welcome",
    "hello",
    "letmein",
    "iloveyou",
    "loveyou",
    "qwerty",
    "qwertyuiop",
    "qwertyuiopasdfghjkl",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsx",
    "qazwsxedc",
    "qwer",
    "asdf",
    "zxcv",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "master",
    "shadow",
    "abc",
    "abcd",
    "abcde",
    "abcdef",
    "abcdefg",
    "abcdefgh",
    "changeme",
    "secret",
    "default",
    "system",
    "server",
    "manager",
    "computer",
    "internet",
    "woaini",
    "woaiwojia",
    "woaizhongguo",
    "zhongguo",
    "china",
    "chongqing",
    "dadukou",
    "gridworker",
    "wanggeyuan",
    "wangge",
    "mima",
    "mimamima",
    "nihao",
    "tiantian",
    "jintian",
    "guanliyuan",
    "shequ",
    "jiedao",
    "woshishui",
    "laogong",
    "laopo",
    "baobao",
    "密码",
    "我的密码",
    "管理员",
    "网格员",
    "网格",
    "你好",
    "我爱你",
    "我爱中国",
    "中国",
    "重庆",
    "大渡口",
    "社区",
    "街道",
    "测试",
];

/// Runs of keys that fingers find by themselves.
const RUNS: [&str; 8] = [
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
];

/// Letters only, with the usual stand-ins turned back (`p@ssw0rd`).
fn bare(folded: &str) -> String {
    folded
        .chars()
        .map(|c| match c {
            '@' | '4' => 'a',
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '$' | '5' => 's',
            '7' => 't',
            c => c,
        })
        .filter(|c| c.is_alphabetic())
        .collect()
}

/// As [`bare`], but digits and signs are simply left out.
fn letters(folded: &str) -> String {
    folded.chars().filter(|c| c.is_alphabetic()).collect()
}

/// True when `text` is nothing but common words, one after another.
fn all_common(text: &str) -> bool {
    if text.is_empty() {
        return false;
    }
    // reached[i]: the first i bytes are common words.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for at in 0..text.len() {
        if reached[at] {
            for word in COMMON {
                if text.as_bytes()[at..].starts_with(word.as_bytes()) {
                    reached[at + word.len()] = true;
                }
            }
        }
    }
    reached[text.len()]
}

/// The longest part of `folded` that is a run of neighbours or one repeated character, in characters.
fn longest_run(folded: &str) -> usize {
    let chars: Vec<char> = folded.chars().collect();
    let mut longest = 0;
    for start in 0..chars.len() {
        let same = chars[start..].iter().take_while(|c| **c == chars[start]).count();
        longest = longest.max(same);
        for end in (start + 4..=chars.len()).rev() {
            if end - start <= longest {
                break;
            }
            let part: String = chars[start..end].iter().collect();
            if RUNS.iter().any(|run| run.contains(&part)) {
                longest = end - start;
                break;
            }
        }
    }
    longest
}

/// Why `password` is not taken for the account `name`; `None` when it is. Length counts first.
#[must_use]
pub fn fault(password: &SecretString, name: &str, min_chars: usize) -> Option<String> {
    let plain = normal(password);
    let plain = plain.expose_secret();
    let chars = plain.chars().count();
    if chars < min_chars {
        return Some(format!("密码至少{min_chars}个字符，可以用一句容易记住的话"));
    }
    if chars > MAX_CHARS {
        return Some(format!("密码最多{MAX_CHARS}个字符"));
    }
    let folded_password = folded(plain);
    let name = folded(name);
    if name.chars().count() >= 2 && folded_password.contains(&name) {
        return Some("密码里不能有账号名".to_owned());
    }
    let distinct = folded_password.chars().collect::<std::collections::BTreeSet<_>>().len();
    if distinct < 5 {
        return Some("密码里重复的字符太多".to_owned());
    }
    if chars < 16 && folded_password.chars().all(|c| c.is_ascii_digit()) {
        return Some("密码不能只用数字".to_owned());
    }
    // What remains beside a run or a common word must still be something.
    if chars - longest_run(&folded_password) < 5 {
        return Some("密码是键盘上相邻的一串字符，太容易猜到".to_owned());
    }
    let core = folded_password.trim_matches(|c: char| !c.is_alphabetic());
    let guessed = [bare(&folded_password), bare(core), letters(&folded_password)];
    if guessed.iter().any(|text| all_common(text)) {
        return Some("这个密码太常见，容易被猜到".to_owned());
    }
    None
}

/// A password to be given to a person once: four groups of five letters and digits (100 bits), none of which looks like another.
#[must_use]
pub fn one_time(randomness: &str) -> SecretString {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 32] = Sha256::digest(format!("one-time password {randomness}").as_bytes()).into();
    let mut words = String::with_capacity(23);
    for (index, byte) in bytes.iter().take(20).enumerate() {
        if index > 0 && index % 5 == 0 {
            words.push('-');
        }
        words.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    SecretString::from(words)
}
