//! Configuration: the default file in the binary → a file → the environment → checked as a whole.
//!
//! To add a setting: a line with its comment in `config.default.toml`, a field in the section's struct here or in the
//! room that owns it, a rule in `check` when values depend on each other. A test loads every shipped file.

mod sections;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat};
use schemars::JsonSchema;
use serde::Deserialize;

pub use sections::{
    AttachmentSettings, ConfidentialitySettings, ConversationSettings, CurationSettings, Engine, KnowledgeSettings,
    LimitSettings, LogSettings, PathSettings, ServerSettings, StorageSettings, StreetSettings,
};

use crate::identity::settings::IdentitySettings;
use crate::llm::settings::{EmbedderSettings, LlmSettings, RerankerSettings, TranscriberSettings};
use crate::platform::settings::PlatformSettings;

/// The reference of all settings, embedded.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where and how it listens.
    pub server: ServerSettings,
    /// Where it writes.
    pub storage: StorageSettings,
    /// Where it reads prompts and knowledge.
    pub paths: PathSettings,
    /// The street itself.
    pub street: StreetSettings,
    /// The index.
    pub knowledge: KnowledgeSettings,
    /// Fixed answers, gaps, question sets.
    pub curation: CurationSettings,
    /// The turn.
    pub conversation: ConversationSettings,
    /// Pictures.
    pub attachments: AttachmentSettings,
    /// The model.
    pub llm: LlmSettings,
    /// The optional dense leg.
    pub embedder: EmbedderSettings,
    /// The optional re-ranking model.
    pub reranker: RerankerSettings,
    /// The optional transcription model.
    pub transcriber: TranscriberSettings,
    /// The governance platform that leads.
    pub platform: PlatformSettings,
    /// Further platforms, each with the same settings.
    #[serde(default)]
    pub destinations: Vec<PlatformSettings>,
    /// Accounts, sessions, passwords.
    pub identity: IdentitySettings,
    /// Keys of what lies sealed.
    pub confidentiality: ConfidentialitySettings,
    /// Rates.
    pub limits: LimitSettings,
    /// Logging.
    pub log: LogSettings,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read, a key is unknown or a value has the wrong type.
    #[error("configuration: {0}")]
    Read(#[from] config::ConfigError),
    /// Single values are fine, together they are not.
    #[error("configuration: {0}")]
    Check(String),
}

impl Settings {
    /// Reads defaults, then `file`, then the process's environment, and checks the whole.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_sources(file, std::env::vars().collect())
    }

    /// As [`Self::load`], with the environment as a parameter.
    pub fn from_sources(file: Option<&Path>, env: HashMap<String, String>) -> Result<Self, ConfigError> {
        let settings: Self = sources(file, env)?.try_deserialize()?;
        settings.check()?;
        Ok(settings)
    }

    /// The defaults alone.
    pub fn defaults() -> Result<Self, ConfigError> {
        Self::from_sources(None, HashMap::new())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |why: &str| Err(ConfigError::Check(why.to_owned()));
        if jiff::tz::TimeZone::get(&self.street.timezone).is_err() {
            return refuse("street.timezone is not a known time zone");
        }
        if self.conversation.max_chars == 0 || self.conversation.passages == 0 {
            return refuse("conversation.max_chars and conversation.passages must be at least 1");
        }
        if self.knowledge.engine == Engine::Server && self.knowledge.server_url.is_empty() {
            return refuse("knowledge.engine = \"server\" needs knowledge.server_url");
        }
        if self.server.max_body_bytes < 16 * 1024 {
            return refuse("server.max_body_bytes must be at least 16384: a message of 2000 characters must fit");
        }
        // Browsers name it as the origin of what staff send.
        if !url::Url::parse(&self.public_url()).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host()) {
            return refuse("server.public_url must be an http or https URL such as https://street.example");
        }
        for origin in self.server.embed_origins.iter().map(|o| o.trim()).filter(|o| *o != "*") {
            let plain =
                url::Url::parse(origin).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && matches!(u.path(), "" | "/"));
            if !plain {
                return Err(ConfigError::Check(format!(
                    "server.embed_origins: {origin} is neither * nor like https://street.example"
                )));
            }
        }
        if let Err(error) = self.confidentiality.check() {
            return Err(ConfigError::Check(format!("confidentiality.keys: {error}")));
        }
        if let Some(why) = self.identity.fault() {
            return refuse(why);
        }
        self.llm.validate().map_err(|e| ConfigError::Check(e.to_string()))?;
        self.embedder.validate().map_err(|e| ConfigError::Check(e.to_string()))?;
        self.reranker.validate().map_err(|e| ConfigError::Check(e.to_string()))?;
        self.transcriber.validate().map_err(|e| ConfigError::Check(e.to_string()))?;
        let mut names = std::collections::BTreeSet::new();
        for platform in self.platforms() {
            platform.validate().map_err(|e| ConfigError::Check(format!("{}: {e}", platform.name)))?;
            if !names.insert(&platform.name) {
                return Err(ConfigError::Check(format!("two platforms are called {}", platform.name)));
            }
        }
        Ok(())
    }

    /// All platforms, the leading one first.
    pub fn platforms(&self) -> impl Iterator<Item = &PlatformSettings> {
        std::iter::once(&self.platform).chain(&self.destinations)
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(&self.storage.data_dir)
    }

    /// How others reach this service, without a slash at the end.
    #[must_use]
    pub fn public_url(&self) -> String {
        if self.server.public_url.is_empty() {
            format!("http://{}", self.server.listen)
        } else {
            self.server.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// Folder to read prompts from; `None` = the copy in the binary.
    #[must_use]
    pub fn prompts_dir(&self) -> Option<PathBuf> {
        folder(&self.paths.prompts, "prompts", "answer.md")
    }

    /// Folder to read knowledge from; `None` = the copy in the binary.
    #[must_use]
    pub fn knowledge_dir(&self) -> Option<PathBuf> {
        folder(&self.paths.knowledge, "knowledge", "street")
    }
}

/// `configured`, else the working folder's own when it holds `witness`.
fn folder(configured: &str, name: &str, witness: &str) -> Option<PathBuf> {
    if !configured.is_empty() {
        return Some(PathBuf::from(configured));
    }
    let here = PathBuf::from(name);
    here.join(witness).exists().then_some(here)
}

/// All sources in their order.
fn sources(file: Option<&Path>, env: HashMap<String, String>) -> Result<config::Config, config::ConfigError> {
    let fallback = |ours: &str, theirs: &str| -> Option<String> {
        (!env.contains_key(ours)).then(|| env.get(theirs).cloned()).flatten().filter(|v| !v.is_empty())
    };
    let base_url = fallback("GRIDWORKER__LLM__BASE_URL", "OPENAI_BASE_URL");
    let api_key = fallback("GRIDWORKER__LLM__API_KEY", "OPENAI_API_KEY");
    let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    // The fall-backs stand below the file: a street that configured its model must not be overruled by a stray variable.
    if let Some(url) = base_url {
        builder = builder.add_source(File::from_str(&format!("[llm]\nbase_url = {}", toml::Value::from(url)), FileFormat::Toml));
    }
    if let Some(key) = api_key {
        builder = builder.add_source(File::from_str(&format!("[llm]\napi_key = {}", toml::Value::from(key)), FileFormat::Toml));
    }
    if let Some(path) = file {
        builder = builder.add_source(File::from(path).format(FileFormat::Toml));
    }
    let ours = Environment::with_prefix("GRIDWORKER").prefix_separator("__").separator("__").try_parsing(true).source(Some(env));
    builder.add_source(ours).build()
}

/// The settings in effect as TOML, secrets hidden.
pub fn dump(file: Option<&Path>) -> Result<String, ConfigError> {
    Settings::load(file)?;
    let mut value: toml::Value = sources(file, std::env::vars().collect())?.try_deserialize()?;
    hide(&mut value);
    toml::to_string_pretty(&value).map_err(|e| ConfigError::Check(e.to_string()))
}

fn hide(value: &mut toml::Value) {
    const SECRET: [&str; 7] = ["api_key", "server_api_key", "secret", "client_secret", "callback_secret", "bearer", "worker_key"];
    if let toml::Value::Table(table) = value {
        for (name, value) in table.iter_mut() {
            if SECRET.contains(&name.as_str()) {
                let set = value.as_str().is_none_or(|v| !v.is_empty());
                *value = toml::Value::from(if set { "（已设置）" } else { "" });
            } else {
                hide(value);
            }
        }
    }
}
