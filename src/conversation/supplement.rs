//! 「补一张照片」: something more for a ticket that is already on its way, by words. The same act as the call of the window.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};
use uuid::Uuid;

use super::evidence::SupplementError;
use super::service::Conversations;
use super::turn::{Said, Turn, TurnError};
use crate::core::text::{for_matching, pattern};
use crate::incident::intent::is_question;
use crate::incident::progress;
use crate::incident::ticket::Ticket;

/// Longest message that only says that something is added; a longer one tells a matter.
const SHORT: usize = 40;

/// Whether the words say that what comes with them belongs to something told before.
fn is_supplement(said: &str) -> bool {
    const MORE: [&str; 6] = ["补一", "补充", "补张", "补几", "补发", "再发"];
    const OF: [&str; 9] = ["照片", "图", "视频", "录像", "录音", "语音", "证据", "材料", "工单"];
    let folded = for_matching(said);
    folded.chars().count() <= SHORT && MORE.iter().any(|w| folded.contains(w)) && OF.iter().any(|w| folded.contains(w))
}

/// What is told more about the matter that has just been submitted: 「我忘了说，是厨余垃圾」.
fn told_later(said: &str) -> Option<&str> {
    static LATER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:哎|哦|噢|对了|我|刚才|刚刚|还|有一?点|[,， ])*(?:忘了?说|忘记说|漏说|没说完|(?:再|要|想)?补充(?:一下|一点|一哈|说明)?)",
            r"(?:了|的是|的|[,，:：。 ])*(.{2,})$",
        ))
    });
    LATER.captures(said.trim())?.get(1).map(|words| words.as_str()).filter(|words| !is_question(words))
}

/// The ticket that an answer names: by its number, or by its place in the list.
fn named<'t>(said: &str, open: &'t [Ticket]) -> Option<&'t Ticket> {
    const ORDINALS: [&str; 6] = ["一", "二", "三", "四", "五", "六"];
    let said = said.trim().to_uppercase();
    if let Some(ticket) = open.iter().find(|t| said.contains(&t.number)) {
        return Some(ticket);
    }
    let names = |n: usize, word: &str| {
        said == n.to_string() || said.starts_with(&format!("第{n}")) || said.starts_with(&format!("第{word}"))
    };
    open.iter().zip(1..).zip(ORDINALS).find(|((_, n), word)| names(*n, word)).map(|((ticket, _), _)| ticket)
}

impl Conversations {
    /// Adds what came with this message, or waits since the one before, to an open ticket; `None` when the message is about
    /// something else.
    pub(super) async fn supplement_by_words(&self, turn: &mut Turn<'_>) -> Result<Option<Said>, TurnError> {
        let waiting = std::mem::take(&mut turn.memory.evidence_waiting);
        let begins = !turn.attachments.is_empty() && is_supplement(turn.said);
        let later = if turn.attachments.is_empty() { told_later(turn.said) } else { None };
        if waiting.is_empty() && !begins && later.is_none() {
            return Ok(None);
        }
        let mut open = self.parts.tickets.by_conversation(turn.conversation.id).await?;
        open.retain(|t| !t.status.is_final());
        if let Some(words) = later.filter(|_| waiting.is_empty()) {
            return match open.last() {
                Some(ticket) => self.add_words(turn, ticket, words).await.map(Some),
                None => Ok(None),
            };
        }
        let ids: Vec<Uuid> = waiting.iter().chain(turn.attachments).copied().collect();
        match (named(turn.said, &open), open.as_slice()) {
            (Some(ticket), _) => self.add_by_words(turn, ticket, &ids).await.map(Some),
            (None, [ticket]) if begins => self.add_by_words(turn, ticket, &ids).await.map(Some),
            (None, [_, ..]) if begins => {
                turn.memory.evidence_waiting = ids;
                let names: Vec<String> = open.iter().zip(1..).map(|(t, n)| format!("{n}、{}（{}）", t.title, t.number)).collect();
                turn.log.delta(&format!("您有{}件事正在办：{}。补到哪一件？", open.len(), names.join("；")));
                let options: Vec<Value> = open.iter().map(|t| json!({ "label": t.title, "send": t.number })).collect();
                Ok(Some(Said::with_card(json!({ "kind": "choices", "options": options }))))
            }
            _ => Ok(None),
        }
    }

    async fn add_words(&self, turn: &mut Turn<'_>, ticket: &Ticket, words: &str) -> Result<Said, TurnError> {
        let added = self.supplement(turn.conversation.id, ticket, &[], Some(words)).await;
        self.told(turn, ticket, added, "您补充的话").await
    }

    async fn add_by_words(&self, turn: &mut Turn<'_>, ticket: &Ticket, ids: &[Uuid]) -> Result<Said, TurnError> {
        // 「补一张照片」 alone says nothing more about the matter.
        let words = turn.said.trim();
        let note = (words.chars().count() > 10 && !words.contains(&ticket.number)).then_some(words);
        let added = self.supplement(turn.conversation.id, ticket, ids, note).await;
        let what = self.counted(ids).await?;
        self.told(turn, ticket, added, &what).await
    }

    /// What became of an addition.
    async fn told(
        &self,
        turn: &mut Turn<'_>,
        ticket: &Ticket,
        added: Result<Ticket, SupplementError>,
        what: &str,
    ) -> Result<Said, TurnError> {
        match added {
            Ok(added) => {
                turn.log.delta(&format!("收到{what}，已经补到工单{}里，承办的岗位能看到。", added.number));
                let moves = self.parts.tickets.timeline(&added.number).await?;
                Ok(Said::with_card(
                    json!({ "kind": "progress", "ticket": added, "timeline": progress::timeline(&moves, &turn.rules.news) }),
                ))
            }
            Err(SupplementError::TooMany(words)) => {
                turn.log.delta(&format!("{words}。"));
                Ok(Said::default())
            }
            Err(SupplementError::Ended(status)) => {
                turn.log.delta(&format!(
                    "工单{}已经是“{}”，不能再补了。有新情况直接告诉我，我给您重新登记。",
                    ticket.number,
                    status.word()
                ));
                Ok(Said::default())
            }
            Err(SupplementError::Unknown(_)) => {
                turn.log.delta("附件没有找到，请重新发一次。");
                Ok(Said::default())
            }
            Err(SupplementError::Store(error)) => Err(error.into()),
            Err(SupplementError::Ticket(error)) => Err(error.into()),
        }
    }
}
