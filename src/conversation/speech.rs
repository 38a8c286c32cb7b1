//! Voice input: what was said becomes words for whoever said it to read and correct. The recording is not kept.

use std::sync::Arc;

use super::media::{Cleaned, MediaKind};
use crate::llm::LlmError;
use crate::llm::port::{Recording, Transcriber};

/// Why there are no words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// No endpoint is configured.
    #[error("no transcriber is configured")]
    None,
    /// A photo or a video.
    #[error("this is no recording of a voice")]
    NoVoice,
    /// Nothing could be heard.
    #[error("nothing was heard")]
    Nothing,
    /// The endpoint failed.
    #[error(transparent)]
    Failed(#[from] LlmError),
}

/// Turns a voice into words, where the street has something that can.
#[derive(Debug, Clone, Default)]
pub struct Speech(Option<Arc<dyn Transcriber>>);

impl Speech {
    /// With this transcriber, or with none.
    #[must_use]
    pub const fn new(transcriber: Option<Arc<dyn Transcriber>>) -> Self {
        Self(transcriber)
    }

    /// Whether voice input is offered.
    #[must_use]
    pub const fn offered(&self) -> bool {
        self.0.is_some()
    }

    /// The one that listens.
    #[must_use]
    pub const fn transcriber(&self) -> Option<&Arc<dyn Transcriber>> {
        self.0.as_ref()
    }

    /// What was said in a recording that has been proved and cleaned.
    ///
    /// # Errors
    /// [`SpeechError`]; none of them says anything about the words.
    pub async fn words_of(&self, recording: Cleaned) -> Result<String, SpeechError> {
        let transcriber = self.0.as_ref().ok_or(SpeechError::None)?;
        if recording.kind != MediaKind::Voice {
            return Err(SpeechError::NoVoice);
        }
        let recording = Recording { bytes: recording.bytes, content_type: recording.content_type };
        let words = transcriber.transcribe(&recording).await?;
        // Line breaks and control characters of a model are no part of what somebody said.
        let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words = words.trim();
        if words.is_empty() { Err(SpeechError::Nothing) } else { Ok(words.to_owned()) }
    }
}
