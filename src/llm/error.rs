//! Every way in which a model can fail, judged once, at the edge.
//!
//! No variant carries a body, a prompt or an address: an error may be logged as it is.

use std::time::Duration;

use serde_json::Value;

/// Which clock ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// No connection in time.
    Connect,
    /// The endpoint fell silent.
    Idle,
    /// The whole answer took too long.
    Total,
}

/// Why a model gave no (whole) answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// Overloaded, restarting or unreachable: worth another try, not before `retry_after` if the endpoint named one.
    #[error("the model endpoint is temporarily unavailable")]
    Transient {
        /// How long the endpoint asks to wait.
        retry_after: Option<Duration>,
    },
    /// Refused, and would be refused again: a bad request, an unknown model, no money.
    #[error("the model endpoint refused the request (status {status})")]
    Permanent {
        /// HTTP status of the refusal.
        status: u16,
    },
    /// The prompt is longer than the model can read.
    #[error("the prompt is too long for the model")]
    ContextTooLong,
    /// The key is wrong or has no right to the model.
    #[error("the model endpoint did not accept the key")]
    Auth,
    /// The stream ended before the model had finished.
    #[error("the model stopped in the middle")]
    CutShort,
    /// A clock ran out.
    #[error("the model took too long ({which:?})")]
    Timeout {
        /// Which clock.
        which: Wait,
    },
    /// What came back is not an answer: HTML, nothing, or broken JSON.
    #[error("the model endpoint sent something that is not an answer")]
    Garbage,
    /// Not asked: it failed too often just now.
    #[error("the model is not asked while its circuit is open")]
    CircuitOpen,
    /// Not asked: none is configured.
    #[error("no model is configured")]
    NoModel,
}

impl LlmError {
    /// A stable word for metrics and events.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Transient { .. } => "transient",
            Self::Permanent { .. } => "permanent",
            Self::ContextTooLong => "context_too_long",
            Self::Auth => "auth",
            Self::CutShort => "cut_short",
            Self::Timeout { which: Wait::Connect } => "timeout_connect",
            Self::Timeout { which: Wait::Idle } => "timeout_idle",
            Self::Timeout { which: Wait::Total } => "timeout_total",
            Self::Garbage => "garbage",
            Self::CircuitOpen => "circuit_open",
            Self::NoModel => "no_model",
        }
    }

    /// Whether the failure says something about the endpoint's health rather than about this one request.
    #[must_use]
    pub fn counts_against_endpoint(&self) -> bool {
        match self {
            // 402 and 429 here mean "no money": it will not get better by asking.
            Self::Permanent { status } => matches!(status, 402 | 429),
            Self::ContextTooLong | Self::CircuitOpen | Self::NoModel => false,
            Self::Transient { .. } | Self::Auth | Self::CutShort | Self::Timeout { .. } | Self::Garbage => true,
        }
    }

    /// Judges a refusal by its status and, where that is not enough, by the error object in its body.
    #[must_use]
    pub fn from_response(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let said = Said::read(body);
        match status {
            401 | 403 => Self::Auth,
            413 => Self::ContextTooLong,
            429 if said.no_money() => Self::Permanent { status },
            // All of 5xx but "not implemented" and "HTTP version not supported".
            408 | 425 | 429 | 500 | 502..=504 | 506.. => Self::Transient { retry_after },
            400 | 404 | 422 if said.too_long() => Self::ContextTooLong,
            // One vendor answers 400 for an unpaid account: the same fate as its 402 elsewhere.
            400 if said.no_money() => Self::Permanent { status: 402 },
            _ => Self::Permanent { status },
        }
    }

    /// Judges an error object that came inside a stream whose status was 200. A numeric `code` there is a status.
    #[must_use]
    pub(super) fn from_stream_error(error: &Value) -> Self {
        let status = match error.get("code") {
            Some(Value::Number(code)) => {
                code.as_u64().and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code))
            }
            Some(Value::String(code)) => code.parse().ok().filter(|code| (400..600).contains(code)),
            _ => None,
        };
        let body = serde_json::json!({ "error": error }).to_string();
        Self::from_response(status.unwrap_or(500), body.as_bytes(), None)
    }
}

/// The few words of an error body that decide. Shapes differ: `{"error": {…}}`, `{"error": "…"}`, or the fields at the top;
/// `code` may be a word or a number.
#[derive(Debug, Default)]
struct Said {
    codes: Vec<String>,
    message: String,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let inner = value.get("error").unwrap_or(&value);
        if let Value::String(message) = inner {
            return Self { codes: Vec::new(), message: message.to_lowercase() };
        }
        let word = |key: &str| inner.get(key).and_then(Value::as_str).map(str::to_lowercase);
        Self {
            codes: ["code", "type"].into_iter().filter_map(word).collect(),
            message: word("message").or_else(|| word("detail")).unwrap_or_default(),
        }
    }

    fn no_money(&self) -> bool {
        self.codes.iter().any(|code| {
            matches!(code.as_str(), "insufficient_quota" | "billing_hard_limit_reached" | "arrearage" | "insufficient_balance")
        })
    }

    /// Most servers name no code for this, so the sentences they use decide; only asked for refusals of the request itself.
    fn too_long(&self) -> bool {
        self.codes.iter().any(|code| code == "context_length_exceeded")
            || ["maximum context length", "context length", "context window", "range of input length", "prompt is too long"]
                .iter()
                .any(|sentence| self.message.contains(sentence))
    }
}
