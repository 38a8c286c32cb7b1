//! What was asked and how it went, for those who look after the knowledge. Never who asked.
//!
//! How a turn went lies open (`turn_log`); its words stay sealed and are read one by one: what the conversation's vault knows and
//! what looks like personal data is replaced before anybody sees or searches them. The words of a tip-off or of a confidential
//! matter are not shown here at all: they belong to those who handle it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::message::MessageBody;
use super::outcome::Route;
use super::redact::{self, Vault};
use super::service::Conversations;
use super::store::{Audience, StoreError};
use crate::core::text::for_matching;
use crate::knowledge::trace::Trace;

/// Turns that a search for words reads, at most: each has to be opened.
const SEARCHED: u32 = 20_000;
/// Turns that are opened at a time.
const AT_A_TIME: u32 = 500;
/// Turns whose way is noted at a time, for those from before the log.
const NOTED: u32 = 1000;

/// How a turn was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// With a fixed answer.
    Fixed,
    /// A question without an answer.
    Unanswered,
    /// Broke off.
    Cut,
    /// A model wrote it.
    Generated,
    /// With the words of a document.
    Text,
    /// With the service's own words: no question to the knowledge.
    Other,
}

impl Answered {
    /// The word in a query.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Unanswered => "unanswered",
            Self::Cut => "cut",
            Self::Generated => "generated",
            Self::Text => "text",
            Self::Other => "other",
        }
    }

    /// The way behind a word; anything unknown is other.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        [Self::Fixed, Self::Unanswered, Self::Cut, Self::Generated, Self::Text]
            .into_iter()
            .find(|a| a.word() == word)
            .unwrap_or(Self::Other)
    }
}

/// What somebody said of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AnswerVerdict)]
pub enum Verdict {
    /// Good.
    Up,
    /// Bad.
    Down,
    /// Nothing yet.
    None,
}

impl Verdict {
    /// The stored word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::None => "none",
        }
    }
}

/// Which turns.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// The way they went.
    pub route: Option<Route>,
    /// How they were answered.
    pub answered: Option<Answered>,
    /// What was said of the answer.
    pub verdict: Option<Verdict>,
    /// Where they came in.
    pub channel: Option<String>,
    /// Who asked: residents or gridworkers.
    pub audience: Option<Audience>,
    /// One turn.
    pub turn: Option<Uuid>,
    /// Oldest first.
    pub ascending: bool,
}

/// A turn as stored: personal data are still in it.
#[derive(Debug)]
pub struct StoredLine {
    /// The turn.
    pub turn_id: Uuid,
    /// Its conversation, to tell two apart; not shown.
    pub conversation_id: Uuid,
    /// The reply.
    pub message_id: Uuid,
    /// When it ended.
    pub at: Timestamp,
    /// Where it came in.
    pub channel: String,
    /// Who asked.
    pub audience: Audience,
    /// How it was answered.
    pub answered: Answered,
    /// As asked.
    pub question: String,
    /// As answered.
    pub reply: MessageBody,
    /// What was said of it.
    pub verdict: Option<String>,
    /// With which words; personal data replaced.
    pub comment: Option<String>,
    /// The fixed answer that was given.
    pub curated_id: Option<Uuid>,
    /// The group of gaps that it is in.
    pub gap_id: Option<Uuid>,
    /// The question as it was understood; personal data replaced.
    pub understood: Option<String>,
    /// A tip-off or a confidential matter.
    pub guarded: bool,
    /// What the conversation knows of persons.
    pub vault: Vault,
}

/// What a line's answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineCitation {
    /// The n of 〔n〕.
    pub n: u32,
    /// The document.
    pub document_id: String,
    /// Its title.
    pub title: String,
    /// The clause.
    pub clause: String,
}

/// One turn of the log, personal data replaced.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TurnLine {
    /// The turn.
    pub turn_id: Uuid,
    /// The reply; a fixed answer can be made from it.
    pub message_id: Uuid,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Where it came in.
    pub channel: String,
    /// Residents or gridworkers.
    pub audience: Audience,
    /// Which way it went.
    pub route: Option<Route>,
    /// How it was answered.
    pub answered: Answered,
    /// As asked.
    pub question: String,
    /// As it was understood, when that is something else.
    pub understood: Option<String>,
    /// As answered.
    pub answer: String,
    /// The AI label of generated words.
    pub label: Option<String>,
    /// What the answer rests on.
    pub citations: Vec<LineCitation>,
    /// `up` or `down`, once somebody said so.
    pub verdict: Option<String>,
    /// What a thumbs-down said.
    pub comment: Option<String>,
    /// The fixed answer that was given.
    pub curated_id: Option<Uuid>,
    /// The group of gaps that it is in.
    pub gap_id: Option<Uuid>,
    /// True: a tip-off or a confidential matter, whose words are not shown here.
    pub withheld: bool,
}

/// A page of the log.
#[derive(Debug, Default)]
pub struct LogPage {
    /// The turns.
    pub turns: Vec<TurnLine>,
    /// How many there are in all.
    pub total: u64,
    /// Set when a search for words did not reach the beginning: it looked at turns up to here.
    pub searched_to: Option<Timestamp>,
}

impl StoredLine {
    /// The line as it may be shown.
    #[must_use]
    pub fn shown(mut self) -> TurnLine {
        let question = redact::redact(&self.question, &mut self.vault);
        // An answer out of the knowledge names offices with their numbers: only what is known of persons is taken out of it.
        let own = matches!(self.answered, Answered::Fixed | Answered::Text | Answered::Generated | Answered::Unanswered);
        let answer =
            if own { redact::hide(&self.reply.text, &self.vault) } else { redact::redact(&self.reply.text, &mut self.vault) };
        let understood = self.understood.map(|u| redact::redact(&u, &mut self.vault));
        let withheld = self.guarded;
        let cited = self.reply.citations.into_iter();
        TurnLine {
            turn_id: self.turn_id,
            message_id: self.message_id,
            at: self.at,
            channel: self.channel,
            audience: self.audience,
            route: self.reply.route,
            answered: self.answered,
            understood: understood.filter(|u| !withheld && !u.is_empty() && *u != question),
            question: if withheld { String::new() } else { question },
            answer: if withheld { String::new() } else { answer },
            label: self.reply.label,
            citations: cited
                .map(|c| LineCitation { n: c.n, document_id: c.document_id, title: c.title, clause: c.clause })
                .collect(),
            verdict: self.verdict,
            comment: self.comment.map(|c| redact::redact(&c, &mut self.vault)).filter(|_| !withheld),
            curated_id: self.curated_id,
            gap_id: self.gap_id,
            withheld,
        }
    }
}

impl TurnLine {
    /// All of the words stand in what may be seen of it.
    fn says(&self, words: &[String]) -> bool {
        let text =
            for_matching(&format!("{}\n{}\n{}", self.question, self.understood.as_deref().unwrap_or_default(), self.answer));
        words.iter().all(|w| text.contains(w))
    }
}

impl Conversations {
    /// A page of the log. Words are looked for in what may be seen: nobody finds out a number by searching for it.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn questions(&self, filter: &LogFilter, words: &str, skip: u32, take: u32) -> Result<LogPage, StoreError> {
        let words: Vec<String> = words.split_whitespace().map(for_matching).filter(|w| !w.is_empty()).collect();
        let store = &self.parts.store;
        if words.is_empty() {
            let turns = shown(store.logged(filter, skip, take).await?).await?;
            return Ok(LogPage { turns, total: store.logged_count(filter).await?, searched_to: None });
        }
        let words = Arc::new(words);
        let mut page = LogPage::default();
        let mut read = 0;
        loop {
            let lines = store.logged(filter, read, AT_A_TIME).await?;
            let (count, last) = (lines.len(), lines.last().map(|l| l.at));
            for line in matching(lines, Arc::clone(&words)).await? {
                if page.total >= u64::from(skip) && page.turns.len() < take as usize {
                    page.turns.push(line);
                }
                page.total += 1;
            }
            read += AT_A_TIME;
            if count < AT_A_TIME as usize {
                return Ok(page);
            }
            if read >= SEARCHED {
                page.searched_to = last;
                return Ok(page);
            }
        }
    }

    /// One turn of the log.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn question(&self, turn: Uuid) -> Result<Option<TurnLine>, StoreError> {
        let filter = LogFilter { turn: Some(turn), ..LogFilter::default() };
        Ok(self.parts.store.logged(&filter, 0, 1).await?.pop().map(StoredLine::shown))
    }

    /// Channels that questions came through.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn asked_through(&self) -> Result<Vec<String>, StoreError> {
        self.parts.store.logged_channels().await
    }

    /// The last searches, newest first, with their turns.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn recent_searches(&self, limit: u32) -> Result<Vec<(Uuid, Trace)>, StoreError> {
        self.parts.store.recent_traces(limit).await
    }

    /// Notes how the turns went that ended before there was a log. Returns how many.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn complete_log(&self) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let noted = self.parts.store.complete_log(NOTED).await?;
            all += noted;
            if noted < u64::from(NOTED) {
                return Ok(all);
            }
        }
    }
}

async fn shown(lines: Vec<StoredLine>) -> Result<Vec<TurnLine>, StoreError> {
    matching(lines, Arc::default()).await
}

/// The lines that say all of the words. Replacing takes its time, so it is done beside the service's work.
async fn matching(lines: Vec<StoredLine>, words: Arc<Vec<String>>) -> Result<Vec<TurnLine>, StoreError> {
    let work = move || lines.into_iter().map(StoredLine::shown).filter(|l| words.is_empty() || l.says(&words)).collect();
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Database(e.to_string()))
}
