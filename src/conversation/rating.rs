//! 回访 by words: 「解决了」, 「没解决」, 「五星」 after a ticket was closed. The same act as the stars on the card.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::json;

use super::service::Conversations;
use super::turn::{Said, Turn, TurnError};
use crate::core::text::{for_matching, pattern};
use crate::incident::intent::is_question;
use crate::incident::progress;
use crate::incident::store::Rating;
use crate::incident::ticket::{Status, Ticket};

/// Longest message that is read as a verdict; a longer one tells a matter.
const SHORT: usize = 24;

static UNSOLVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"没有?(?:解决|处理|修好|弄好|搞好|办好|好$|人来|来)|未解决|还(?:是|在)?(?:没|不|老样子|漏|堵|坏|臭|吵|那样)|不满意|又(?:坏|堵|漏|掉)了|解决个|骗人",
    )
});
static SOLVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"解决了|(?:修|弄|搞|处理|清理|打扫|疏通|办)(?:好|完)了|满意|^(?:已经)?好了|可以了|没问题了|不漏了|不堵了|亮了")
});
static STARS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:打|给|评)?([1-5一二两三四五])(?:个|颗)?(?:星|分)?(?:吧|好评)?$|([1-5一二两三四五])(?:个|颗)?(?:星|分)")
});

/// What the words say about the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Verdict {
    solved: bool,
    stars: Option<u8>,
}

impl Verdict {
    fn read(said: &str) -> Option<Self> {
        let folded = for_matching(said);
        if folded.chars().count() > SHORT || is_question(said) {
            return None;
        }
        let solved = if UNSOLVED.is_match(&folded) {
            false
        } else if SOLVED.is_match(&folded) {
            true
        } else {
            return None;
        };
        Some(Self { solved, stars: stars(&folded) })
    }
}

/// 1..=5, from a number of stars or from the usual five grades.
fn stars(folded: &str) -> Option<u8> {
    let word: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    if let Some(c) = STARS.captures(&word) {
        let digit = c.get(1).or_else(|| c.get(2)).map_or("", |m| m.as_str());
        return match digit {
            "1" | "一" => Some(1),
            "2" | "二" | "两" => Some(2),
            "3" | "三" => Some(3),
            "4" | "四" => Some(4),
            "5" | "五" => Some(5),
            _ => None,
        };
    }
    let grades: [(&[&str], u8); 5] = [
        (&["非常不满意", "很不满意", "太不满意"], 1),
        (&["不满意"], 2),
        (&["基本满意", "一般", "还行", "凑合"], 3),
        (&["非常满意", "很满意", "特别满意", "十分满意"], 5),
        (&["满意"], 4),
    ];
    grades.iter().find(|(words, _)| words.iter().any(|w| word.contains(w))).map(|(_, n)| *n)
}

impl Conversations {
    /// Takes a verdict about the last closed ticket; `None` when the message is none or nothing is closed.
    pub(super) async fn rate_by_words(&self, turn: &mut Turn<'_>) -> Result<Option<Said>, TurnError> {
        let asked = turn.memory.stars_asked.take();
        let verdict = match (Verdict::read(turn.said), &asked) {
            (Some(verdict), _) => verdict,
            (None, Some(_)) => match stars(&for_matching(turn.said)) {
                Some(n) if turn.said.chars().count() <= SHORT => Verdict { solved: true, stars: Some(n) },
                _ => return Ok(None),
            },
            (None, None) => return Ok(None),
        };
        let own = self.parts.tickets.by_conversation(turn.conversation.id).await?;
        let closed = |t: &&Ticket| t.status == Status::已办结 && asked.as_ref().is_none_or(|number| t.number == *number);
        let Some(ticket) = own.iter().rev().find(closed) else { return Ok(None) };
        let stars = match (verdict.stars, verdict.solved) {
            (Some(n), _) => n,
            (None, false) => 1,
            (None, true) => {
                turn.memory.stars_asked = Some(ticket.number.clone());
                turn.log.delta("解决了就好。您给这次办理打几颗星？说1到5就行，5颗最好。");
                return Ok(Some(Said::default()));
            }
        };
        let rating = Rating { solved: verdict.solved, stars, comment: Some(turn.said.to_owned()), at: self.now() };
        let rated = self.parts.tickets.rate(&ticket.number, rating).await?;
        self.parts.bell.ring();
        turn.log.delta(&if verdict.solved {
            format!("谢谢您，{stars}颗星记下了。这件事办完了。")
        } else {
            format!("对不起，让您费心了。工单{}已经重新办理，有进展我会在这里告诉您。", rated.number)
        });
        let moves = self.parts.tickets.timeline(&rated.number).await?;
        Ok(Some(Said::with_card(
            json!({ "kind": "progress", "ticket": rated, "timeline": progress::timeline(&moves, &turn.rules.news) }),
        )))
    }
}
