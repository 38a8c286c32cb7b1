//! 渠道: where the window stands, what it says there, who may show it, and who may begin a conversation in it.
//!
//! `default` (residents) and `worker` (gridworkers) always exist and say the street's own words until the desk says otherwise;
//! others are made on the desk. [`service::Channels`] holds them, [`token`] reads what a host has signed for a channel in secure
//! mode, [`store::ChannelStore`] is the port. To add a setting: a field in [`ChannelSettings`], its rule in
//! [`ChannelSettings::tidied`], the window or the handler that heeds it, a field on the desk's page.

pub mod origin;
pub mod service;
pub mod store;
pub mod token;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// For residents.
pub const DEFAULT: &str = "default";
/// For gridworkers.
pub const WORKER: &str = "worker";

/// Characters of a title, a greeting, a notice, one suggestion.
const LONGEST: (usize, usize, usize, usize) = (40, 500, 80, 30);
/// Suggestions, origins.
const MOST: (usize, usize) = (8, 20);
/// A shared machine waits at least this long before it forgets.
const IDLE: std::ops::RangeInclusive<u32> = 30..=3600;

/// What the desk says about a channel. Empty words are the street's own, 0 is the configured limit or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelSettings {
    /// Whether conversations may begin in it.
    pub enabled: bool,
    /// Head line of the window.
    pub title: String,
    /// First words.
    pub greeting: String,
    /// What one might ask.
    pub suggestions: Vec<String>,
    /// AI notice near the input.
    pub notice: String,
    /// Sites that may show the window in a frame (`https://street.example`); none = `server.embed_origins`.
    pub origins: Vec<String>,
    /// Messages a minute, all conversations of the channel together; 0 = `limits.channel_messages_per_minute`.
    pub messages_per_minute: u32,
    /// New conversations a minute, all callers together; 0 = only the limit of each caller.
    pub conversations_per_minute: u32,
    /// For shared machines: after so many seconds without a touch the window forgets the conversation; 0 = never.
    pub idle_reset_s: u32,
    /// Only whom the host's server has signed for may begin a conversation.
    pub secure: bool,
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            title: String::new(),
            greeting: String::new(),
            suggestions: Vec::new(),
            notice: String::new(),
            origins: Vec::new(),
            messages_per_minute: 0,
            conversations_per_minute: 0,
            idle_reset_s: 0,
            secure: false,
        }
    }
}

/// A field that cannot be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which.
    pub field: &'static str,
    /// Why, in words for people.
    pub why: String,
}

/// A channel as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// In addresses and on other sites' pages.
    pub id: String,
    /// 0 until somebody changed it.
    pub revision: u32,
    /// What the desk says.
    pub settings: ChannelSettings,
    /// Since when.
    pub changed_at: Option<Timestamp>,
    /// By whom.
    pub changed_by: String,
}

impl Channel {
    /// A channel that nobody has said anything about.
    #[must_use]
    pub fn untouched(id: &str) -> Self {
        Self { id: id.to_owned(), revision: 0, settings: ChannelSettings::default(), changed_at: None, changed_by: String::new() }
    }

    /// One of those that always exist.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        is_built_in(&self.id)
    }
}

/// One of those that always exist.
#[must_use]
pub fn is_built_in(id: &str) -> bool {
    id == DEFAULT || id == WORKER
}

/// What a host signs with, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretInfo {
    /// Its id.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// From then on it opens nothing; `None` = the one to sign with.
    pub ends_at: Option<Timestamp>,
}

/// Whether an id can be one: it stands in addresses and in attributes of other sites.
#[must_use]
pub fn is_id(id: &str) -> bool {
    let fine = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (2..=32).contains(&id.len()) && id.bytes().all(fine) && id.starts_with(|c: char| c.is_ascii_lowercase()) && !id.ends_with('-')
}

impl ChannelSettings {
    /// The same in its one written form, or everything that is wrong with it.
    ///
    /// # Errors
    /// Each field that cannot be as it is.
    pub fn tidied(self, id: &str) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut words = |field: &'static str, text: &str, most: usize, lines: bool| {
            let text = text.trim().to_owned();
            if text.chars().count() > most {
                wrong.push(Wrong { field, why: format!("最多{most}个字") });
            }
            if text.chars().any(|c| c.is_control() && !(lines && c == '\n')) {
                wrong.push(Wrong { field, why: "含有不能显示的字符".to_owned() });
            }
            text
        };
        let title = words("title", &self.title, LONGEST.0, false);
        let greeting = words("greeting", &self.greeting, LONGEST.1, true);
        let notice = words("notice", &self.notice, LONGEST.2, false);
        let suggestions: Vec<String> =
            self.suggestions.iter().map(|s| words("suggestions", s, LONGEST.3, false)).filter(|s| !s.is_empty()).fold(
                Vec::new(),
                |mut all, s| {
                    if !all.contains(&s) {
                        all.push(s);
                    }
                    all
                },
            );
        let mut refuse = |field, why: &str| wrong.push(Wrong { field, why: why.to_owned() });
        if suggestions.len() > MOST.0 {
            refuse("suggestions", &format!("最多{}条", MOST.0));
        }
        // The label is a duty (人工智能生成合成内容标识办法): a channel may word the notice, never leave it out.
        if !notice.is_empty() && !["AI", "人工智能"].iter().any(|w| notice.contains(w)) {
            refuse("notice", "提示里须写明“AI”或“人工智能”");
        }
        let mut origins: Vec<String> = Vec::new();
        for said in self.origins.iter().map(|o| o.trim()).filter(|o| !o.is_empty()) {
            match origin::written(said) {
                Some(origin) if !origins.contains(&origin) => origins.push(origin),
                Some(_) => {}
                None => refuse("origins", &format!("“{}”不是网站地址，应写成 https://street.example（不带路径）", shown(said))),
            }
        }
        if origins.len() > MOST.1 {
            refuse("origins", &format!("最多{}个", MOST.1));
        }
        for (field, rate) in
            [("messages_per_minute", self.messages_per_minute), ("conversations_per_minute", self.conversations_per_minute)]
        {
            if rate > 100_000 {
                refuse(field, "最多每分钟100000");
            }
        }
        if self.idle_reset_s != 0 && !IDLE.contains(&self.idle_reset_s) {
            refuse("idle_reset_s", "应为30到3600秒，0表示不清空");
        }
        if is_built_in(id) && !self.enabled {
            refuse("enabled", "这个渠道一直都在，不能停用");
        }
        if is_built_in(id) && self.secure {
            refuse("secure", "这个渠道供所有人使用，不能设为安全模式；请另建一个渠道");
        }
        if wrong.is_empty() { Ok(Self { title, greeting, suggestions, notice, origins, ..self }) } else { Err(wrong) }
    }
}

fn shown(said: &str) -> String {
    said.chars().filter(|c| !c.is_control()).take(60).collect()
}
