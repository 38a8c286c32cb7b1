//! `/api/v1/admin/channels`: where the window stands, and what hosts sign with.

pub mod change;
pub mod create;
pub mod get;
pub mod list;
pub mod secrets;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::conversation::channels::service::ChannelError;
use crate::conversation::channels::{Channel, ChannelSettings, SecretInfo};
use crate::http::chat::channel::{Words, words};
use crate::http::problem::{Code, FieldProblem, Problem};
use crate::http::state::Api;

/// A channel on the desk.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    /// In addresses and on other sites' pages.
    pub id: String,
    /// Always there.
    pub built_in: bool,
    /// To be sent back with a change.
    pub revision: u32,
    /// What the desk says.
    pub settings: ChannelSettings,
    /// What the window says: the street's own words where the desk has none.
    pub shown: ShownWords,
    /// Sites that may show the window now, as the browser is told; `*` = any.
    pub frame_ancestors: String,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
    /// By whom; empty when nobody has.
    pub changed_by: String,
}

/// What the window says.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownWords {
    /// Head line.
    pub title: String,
    /// First words.
    pub greeting: String,
    /// What one might ask.
    pub suggestions: Vec<String>,
    /// AI notice.
    pub notice: String,
}

/// What a host signs with, without the secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelSecretView {
    /// Its id.
    pub id: Uuid,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// From then on it opens nothing; none = the one to sign with.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Whether it opens now.
    pub opens: bool,
}

fn secret_view(SecretInfo { id, made_at, made_by, ends_at }: SecretInfo, now: Timestamp) -> ChannelSecretView {
    ChannelSecretView { id, made_at, made_by, ends_at, opens: ends_at.is_none_or(|end| end > now) }
}

fn view(api: &Api, channel: &Channel) -> ChannelView {
    let Words { title, greeting, suggestions, notice } = words(api, channel);
    ChannelView {
        id: channel.id.clone(),
        built_in: channel.is_built_in(),
        revision: channel.revision,
        settings: channel.settings.clone(),
        shown: ShownWords { title, greeting, suggestions, notice },
        frame_ancestors: api.channels.sites(&channel.id).ancestors(),
        changed_at: channel.changed_at,
        changed_by: channel.changed_by.clone(),
    }
}

fn refusal(error: ChannelError) -> Problem {
    match error {
        ChannelError::Missing => Problem::new(Code::NotFound).detail("没有这个渠道或密钥"),
        ChannelError::Taken => Problem::new(Code::Conflict).detail("已有同名的渠道，请换一个代号"),
        ChannelError::Changed(revision) => Problem::new(Code::RevisionConflict)
            .detail("这个渠道已被别人改过，请看一看现在的内容再改")
            .with("current", revision.into()),
        ChannelError::Wrong(wrong) => {
            let mut problem = Problem::new(Code::InvalidBody);
            problem.detail = wrong.first().map(|w| w.why.clone());
            problem.errors = wrong.into_iter().map(|w| FieldProblem { field: w.field.to_owned(), message: w.why }).collect();
            problem
        }
        ChannelError::Store(error) => Problem::unavailable(&error),
    }
}
