//! The sections that belong to no room. Every field is explained in `config.default.toml`.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::core::seal::{SealError, Sealer};

/// `[server]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port.
    pub listen: String,
    /// How others reach it; empty = `http://<listen>`.
    pub public_url: String,
    /// True behind a proxy of ours: the caller's address is the last entry of `X-Forwarded-For`.
    pub trust_forwarded_for: bool,
    /// Sites that may show the window of a channel that names none of its own: origins, or `*` for any.
    #[serde(deserialize_with = "words")]
    pub embed_origins: Vec<String>,
    /// Milliseconds, whole request without a stream.
    pub request_timeout_ms: u64,
    /// Bytes of a JSON body.
    pub max_body_bytes: usize,
    /// Milliseconds between SIGTERM and the end.
    pub shutdown_grace_ms: u64,
}

/// `[storage]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StorageSettings {
    /// Everything that is written lives here.
    pub data_dir: String,
}

/// `[paths]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathSettings {
    /// Empty = the working folder's, else the copy in the binary.
    pub prompts: String,
    /// Empty = the working folder's, else the copy in the binary.
    pub knowledge: String,
}

/// `[street]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreetSettings {
    /// IANA name.
    pub timezone: String,
}

/// Where vectors live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// In this process, on disk.
    Edge,
    /// A Qdrant server or cluster.
    Server,
    /// In this process, forgotten at its end.
    Memory,
}

/// `[knowledge]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeSettings {
    /// Import the shipped samples at start.
    pub seed: bool,
    /// Where vectors live.
    pub engine: Engine,
    /// gRPC address of the Qdrant server.
    pub server_url: String,
    /// Its key.
    #[schemars(with = "String")]
    pub server_api_key: SecretString,
    /// Alias of the live collection.
    pub collection: String,
}

/// `[confidentiality]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfidentialitySettings {
    /// `name:base64 of 32 bytes`; the first seals, all open. Empty = a key file in the data folder.
    #[schemars(with = "Vec<String>")]
    #[serde(deserialize_with = "one_or_many")]
    pub keys: Vec<SecretString>,
}

impl ConfidentialitySettings {
    /// Whether the keys can be used.
    ///
    /// # Errors
    /// The number of the first key that cannot.
    pub fn check(&self) -> Result<(), SealError> {
        let keys: Vec<&str> = self.keys.iter().map(ExposeSecret::expose_secret).filter(|k| !k.trim().is_empty()).collect();
        if keys.is_empty() { Ok(()) } else { Sealer::new(keys).map(drop) }
    }
}

/// A list of secrets, or secrets with commas between.
fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<SecretString>, D::Error> {
    Ok(words(from)?.into_iter().map(SecretString::from).collect())
}

/// A list, or words with commas between, as the environment has them.
fn words<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Many(Vec<String>),
        One(String),
    }
    let words = match Said::deserialize(from)? {
        Said::Many(words) => words,
        Said::One(words) => words.split(',').map(str::to_owned).collect(),
    };
    Ok(words.into_iter().filter(|w| !w.trim().is_empty()).collect())
}

/// `[curation]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurationSettings {
    /// Those who asked may be told when their question is answered.
    pub tell_askers: bool,
    /// What they are told; `{question}` and `{answer}` are filled in.
    pub tell_text: String,
    /// Right answers of the canonical questions that a change may lose before a reviewer has to say why.
    pub allowed_losses: u32,
}

/// `[conversation]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationSettings {
    /// Characters of one message.
    pub max_chars: usize,
    /// Messages of the past that a model sees.
    pub history_turns: usize,
    /// Passages given to an answer.
    pub passages: usize,
    /// Tokens of one request to the model.
    pub prompt_tokens: usize,
    /// Days; 0 = never deleted.
    pub retention_days: u32,
}

/// `[attachments]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentSettings {
    /// Bytes of one photo.
    pub max_bytes: usize,
    /// Width × height of a photo.
    pub max_pixels: u64,
    /// Bytes of one voice recording.
    pub max_voice_bytes: usize,
    /// Seconds of one voice recording, where its container tells them.
    pub max_voice_s: u32,
    /// Bytes of one video.
    pub max_video_bytes: usize,
    /// Seconds of one video, where its container tells them.
    pub max_video_s: u32,
    /// Attachments of one message, or of one move.
    pub max_per_message: usize,
    /// Attachments that a resident may put into one ticket, while it is a draft and afterwards together.
    pub max_per_ticket: usize,
    /// Videos among them.
    pub max_videos_per_ticket: usize,
}

impl AttachmentSettings {
    /// Bytes of the largest file of any kind.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.max_bytes.max(self.max_voice_bytes).max(self.max_video_bytes)
    }
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Callers on the loopback are not limited.
    pub loopback_exempt: bool,
    /// Per conversation.
    pub messages_per_minute: u32,
    /// Per channel.
    pub channel_messages_per_minute: u32,
    /// Per client address.
    pub conversations_per_minute: u32,
    /// Per conversation, and per client address before there is one.
    pub transcriptions_per_minute: u32,
    /// Per client address.
    pub sign_ins_per_minute: u32,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// `tracing` filter.
    pub filter: String,
    /// One JSON object a line.
    pub json: bool,
}
