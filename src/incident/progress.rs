//! A ticket's moves in words for the resident, and the same matter said again.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    news_texts::NewsTexts,
    ticket::{Place, Status, Ticket, TicketEvent},
};

/// Whether a note may tell who reported: a form of address, a door, a long run of digits.
pub(super) fn speaks_of_somebody(note: &str) -> bool {
    let words = [
        "先生",
        "女士",
        "小姐",
        "大爷",
        "大妈",
        "师傅",
        "老师",
        "婆婆",
        "嬢嬢",
        "报事人",
        "反映人",
        "投诉人",
        "举报人",
        "业主",
        "住户",
        "电话",
        "手机",
        "微信",
        "号室",
    ];
    let digits = note.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    digits >= 7 || words.iter().any(|w| note.contains(w))
}

/// How the resident may say what came of it.
pub const ASK_SOLVED: &str = "解决了就回复“解决了”，没解决就回复“没解决”，我马上请他们重新办。";

/// Where a ticket stands, in words: the last sentence and, while it is open, the next deadline.
#[must_use]
pub fn standing(ticket: &Ticket, texts: &NewsTexts, now: Timestamp, zone: &TimeZone) -> String {
    let mut text = format!("工单{}（{}）：{}", ticket.number, ticket.title, texts.sentence(ticket.status));
    let (deadline, what) = match ticket.status {
        Status::已提交 | Status::已送达平台 => (ticket.clock.accept_by, "受理"),
        Status::已受理 | Status::已交办 | Status::处置中 | Status::重新办理 | Status::延期 | Status::退回待审 => {
            (ticket.clock.resolve_by, "办结")
        }
        Status::已办结 | Status::已回访 | Status::合并 | Status::撤销 => return text,
    };
    if what == "办结"
        && let (Some(since), Some(why)) = (ticket.clock.paused_since, &ticket.clock.why)
    {
        text.push_str(&format!("{}起暂停计时（{why}），恢复后接着办。", spoken_time(since, zone)));
        return text;
    }
    if deadline < now {
        text.push_str(&format!("应在{}前{what}，现已超过时限，可以拨打12345督办。", spoken_time(deadline, zone)));
    } else {
        text.push_str(&format!("应在{}前{what}。", spoken_time(deadline, zone)));
    }
    if what == "办结"
        && ticket.clock.extended > 0
        && let Some(why) = &ticket.clock.why
    {
        text.push_str(&format!("已经延期，原因：{}。", why.trim_end_matches('。')));
    }
    text
}

/// `11月23日 09:05` in the street's zone.
#[must_use]
pub fn spoken_time(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone());
    format!("{}月{}日 {:02}:{:02}", local.month(), local.day(), local.hour(), local.minute())
}

/// The open ticket of the same conversation that is about the same matter: same category, same grid, and no other
/// building. The first one, whose receiver stays responsible.
#[must_use]
pub fn repeated_matter<'a>(category_code: &str, place: &Place, tickets: &'a [Ticket]) -> Option<&'a Ticket> {
    tickets.iter().filter(|t| !t.status.is_final() && t.category.code == category_code).find(|t| same_place(&t.place, place))
}

fn same_place(known: &Place, said: &Place) -> bool {
    let differs = |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
    if differs(&known.grid_code, &said.grid_code)
        || differs(&known.estate, &said.estate)
        || differs(&known.building, &said.building)
        || differs(&known.unit, &said.unit)
        || differs(&known.room, &said.room)
    {
        return false;
    }
    let nothing_said = said.text.is_empty() && said.grid_code.is_none() && said.building.is_none();
    // Nothing new about the place is the same place; another landmark of the same grid is not.
    nothing_said
        || (known.grid_code.is_some() && known.grid_code == said.grid_code && (known.estate.is_some() || known.text == said.text))
        || (said.grid_code.is_none() && said.building.is_some() && known.building == said.building)
}

/// One move in the words of the resident's window.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct TimelineEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    /// The state since.
    pub to: Status,
    /// Who moved it.
    pub by: String,
    /// What was said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The move as a sentence.
    pub text: String,
}

/// All moves as sentences, in their order.
#[must_use]
pub fn timeline(events: &[TicketEvent], texts: &NewsTexts) -> Vec<TimelineEntry> {
    events
        .iter()
        .map(|e| TimelineEntry {
            at: e.at,
            from: e.from,
            to: e.to,
            by: e.by.clone(),
            note: e.note.clone(),
            text: texts.sentence(e.to).to_owned(),
        })
        .collect()
}
