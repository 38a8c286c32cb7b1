//! How much fits into a prompt, counted in tokens.
//!
//! The built-in tokenizer is trained from the knowledge itself and only approximates the served model's, so its counts are
//! raised by [`MARGIN_PERCENT`]. With the model's own `tokenizer.json` they are exact. Without any, a character of Chinese counts as one
//! token and four of anything else as one.

use std::path::Path;

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer, TokenizerBuilder};

use super::port::{Message, Role};
use super::settings::LlmSettings;

/// A count by a tokenizer that is not the model's own is raised to this, in percent.
pub const MARGIN_PERCENT: usize = 120;
/// What a chat template adds to each message, in tokens.
pub const PER_MESSAGE: usize = 4;
/// The largest vocabulary that keeps the committed file below 400 kB.
pub const MAX_VOCAB: usize = 8_000;

/// Why there is no tokenizer.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// The file cannot be read or written.
    #[error("cannot use the tokenizer file: {0}")]
    File(#[from] std::io::Error),
    /// The file is not a tokenizer, or the texts do not make one.
    #[error("not a usable tokenizer: {0}")]
    Tokenizer(String),
}

/// The copy of `assets/tokenizer.json` in this binary. A build without the file has none.
#[derive(rust_embed::RustEmbed)]
#[folder = "assets/"]
#[include = "tokenizer.json"]
#[allow_missing = true]
struct Assets;

/// Counts the tokens of a text.
pub struct TokenCounter {
    tokenizer: Option<Tokenizer>,
    margin_percent: usize,
}

impl TokenCounter {
    /// The counter that the settings ask for: exact with a file, else the built-in one.
    ///
    /// # Errors
    /// [`BudgetError`] if the file cannot be read or is no tokenizer.
    pub fn new(settings: &LlmSettings) -> Result<Self, BudgetError> {
        match settings.tokenizer_path.as_deref().filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => Self::exact(path),
            None => Ok(Self::built_in()),
        }
    }

    /// The built-in counter: the embedded tokenizer, or the rule of thumb when this binary has none.
    #[must_use]
    pub fn built_in() -> Self {
        let embedded = Assets::get("tokenizer.json").and_then(|file| Tokenizer::from_bytes(&file.data).ok());
        match embedded {
            Some(tokenizer) => Self { tokenizer: Some(tokenizer), margin_percent: MARGIN_PERCENT },
            None => Self::rule_of_thumb(),
        }
    }

    /// No tokenizer at all: one token per character, one per four where a character is ASCII.
    #[must_use]
    pub fn rule_of_thumb() -> Self {
        Self { tokenizer: None, margin_percent: MARGIN_PERCENT }
    }

    /// The served model's own tokenizer: exact counts.
    ///
    /// # Errors
    /// [`BudgetError`] if the file cannot be read or is no tokenizer.
    pub fn exact(path: &Path) -> Result<Self, BudgetError> {
        Ok(Self { tokenizer: Some(load(&std::fs::read(path)?)?), margin_percent: 100 })
    }

    /// Some other model's tokenizer: counts with [`MARGIN_PERCENT`].
    ///
    /// # Errors
    /// [`BudgetError`] if the bytes are no tokenizer.
    pub fn approximate(json: &[u8]) -> Result<Self, BudgetError> {
        Ok(Self { tokenizer: Some(load(json)?), margin_percent: MARGIN_PERCENT })
    }

    /// Whether a tokenizer does the counting, rather than the rule of thumb.
    #[must_use]
    pub fn has_tokenizer(&self) -> bool {
        self.tokenizer.is_some()
    }

    /// Tokens of `text`, margin included. Zero only for the empty text.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        let raw = match &self.tokenizer {
            // A text that a foreign tokenizer cannot encode is still counted.
            Some(tokenizer) => tokenizer.encode_fast(text, false).map_or_else(|_| thumb(text), |encoding| encoding.len()),
            None => thumb(text),
        };
        self.raised(raw)
    }

    /// Tokens of one message in a prompt.
    #[must_use]
    pub fn count_message(&self, message: &Message) -> usize {
        self.count(&message.content) + PER_MESSAGE
    }

    /// Whether `text` has at most `budget` tokens.
    #[must_use]
    pub fn fits(&self, text: &str, budget: usize) -> bool {
        // No token is shorter than a byte, so short texts need no counting.
        self.raised(text.len()) <= budget || self.count(text) <= budget
    }

    /// The longest beginning of `text` found to have at most `budget` tokens; it never ends within a character.
    #[must_use]
    pub fn truncate_to<'t>(&self, text: &'t str, budget: usize) -> &'t str {
        if self.fits(text, budget) {
            return text;
        }
        // Token counts of beginnings grow with their length, all but a token or two at a cut word: halve, then step back.
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let mut kept = ends.partition_point(|end| self.fits(&text[..*end], budget)).saturating_sub(1);
        while kept > 0 && !self.fits(&text[..ends[kept]], budget) {
            kept -= 1;
        }
        ends.get(kept).map_or("", |end| &text[..*end])
    }

    fn raised(&self, raw: usize) -> usize {
        (raw * self.margin_percent).div_ceil(100)
    }
}

fn load(json: &[u8]) -> Result<Tokenizer, BudgetError> {
    Tokenizer::from_bytes(json).map_err(|error| BudgetError::Tokenizer(error.to_string()))
}

fn thumb(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    text.chars().count() - ascii + ascii.div_ceil(4)
}

/// What goes into a prompt besides its fixed parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Places in the list of passages, in its order.
    pub passages: Vec<usize>,
    /// The newest messages, oldest first.
    pub history: Vec<Message>,
    /// Tokens of the whole prompt, fixed parts included.
    pub tokens: usize,
}

/// What wants to go into a prompt.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// What must be in: the rules and the question, as rendered without passages.
    pub fixed: &'a [Message],
    /// Passages, best first, as they would be rendered.
    pub passages: &'a [String],
    /// The conversation so far, oldest first.
    pub history: &'a [Message],
}

/// Fills `budget` tokens: first the fixed parts, then whole passages from the best on, then whole messages from the newest back,
/// without a hole and beginning with the resident. A passage that does not fit is passed over for a shorter one.
/// History may use what the passages leave, and the passages leave it a quarter of the room if it wants it.
///
/// `None` if the fixed parts alone do not fit.
#[must_use]
pub fn pack(counter: &TokenCounter, budget: usize, parts: Parts<'_>) -> Option<Packed> {
    let fixed: usize = parts.fixed.iter().map(|message| counter.count_message(message)).sum();
    let room = budget.checked_sub(fixed)?;
    let spoken: Vec<usize> = parts.history.iter().map(|message| counter.count_message(message)).collect();
    let kept_for_history = spoken.iter().sum::<usize>().min(room / 4);

    let mut left = room - kept_for_history;
    let mut passages = Vec::new();
    for (place, passage) in parts.passages.iter().enumerate() {
        // One token for the line break between passages.
        let cost = counter.count(passage) + 1;
        if cost <= left {
            left -= cost;
            passages.push(place);
        }
    }

    left += kept_for_history;
    let mut from = parts.history.len();
    while from > 0 && spoken[from - 1] <= left {
        from -= 1;
        left -= spoken[from];
    }
    // An answer without its question would mislead the model.
    while parts.history.get(from).is_some_and(|message| message.role != Role::User) {
        left += spoken[from];
        from += 1;
    }
    Some(Packed { passages, history: parts.history[from..].to_vec(), tokens: budget - left })
}

type Byte = TokenizerBuilder<BPE, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// Trains a byte-level BPE tokenizer with at most `vocab` tokens from `texts` and writes it to `out`. The same texts give the same file.
///
/// # Errors
/// [`BudgetError`] if `vocab` is out of 257 to [`MAX_VOCAB`], or the file cannot be written.
pub fn train_tokenizer(texts: impl Iterator<Item = String> + Send, vocab: usize, out: &Path) -> Result<(), BudgetError> {
    if !(257..=MAX_VOCAB).contains(&vocab) {
        return Err(BudgetError::Tokenizer(format!("a vocabulary has 257 to {MAX_VOCAB} tokens, not {vocab}")));
    }
    let refused = |error: tokenizers::Error| BudgetError::Tokenizer(error.to_string());
    let byte_level = ByteLevel::new(false, false, true);
    let mut tokenizer = Byte::new()
        .with_model(BPE::default())
        .with_normalizer(None)
        .with_pre_tokenizer(Some(byte_level.into()))
        .with_post_processor(None)
        .with_decoder(Some(byte_level.into()))
        .build()
        .map_err(refused)?;
    let mut trainer = BpeTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(vocab)
        // Every byte is in the alphabet, so no text is unknown.
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        // 18 bytes are six Chinese characters: longer tokens would be whole sentences of the knowledge, useless for other texts.
        .max_token_length(Some(18))
        .build();
    tokenizer.train(&mut trainer, texts).map_err(refused)?;
    std::fs::write(out, tokenizer.to_string(false).map_err(refused)?)?;
    Ok(())
}
