//! A ticket's moves in words for the resident, and the same matter said again.

use jiff::{Timestamp, tz::TimeZone};

use super::ticket::{Place, Status, Ticket, TicketEvent};

/// What a state means for the resident, one plain sentence.
#[must_use]
pub const fn sentence(status: Status) -> &'static str {
    match status {
        Status::已提交 => "您反映的事已经登记，正在送往治理平台。",
        Status::已送达平台 => "您反映的事已送到街道治理平台，等待受理。",
        Status::已受理 => "街道已经受理您反映的事。",
        Status::已交办 => "您反映的事已经交给负责的岗位。",
        Status::处置中 => "负责的岗位正在处理您反映的事。",
        Status::已办结 => "负责的岗位回复已经处理完毕，请您看看是不是真的解决了。",
        Status::已回访 => "谢谢您的评价，这件事已经结束。",
        Status::重新办理 => "您反映没有解决，已经重新办理。",
        Status::退回待审 => "承办单位提出退回，正在由街道审核，不需要您再报一次。",
        Status::延期 => "承办单位说明需要更多时间，办结时限以街道告知的为准。",
        Status::合并 => "您反映的事与已有工单是同一件，已经合并办理。",
        Status::撤销 => "这张工单已经撤销。",
    }
}

/// The news of one move: number, sentence, who, and what was noted.
#[must_use]
pub fn news(ticket: &Ticket, event: &TicketEvent) -> String {
    let mut text = format!("工单{}（{}）：{}", ticket.number, ticket.title, sentence(event.to));
    if !matches!(event.by.as_str(), "" | "系统" | "居民") {
        text.push_str(&format!("承办：{}。", event.by));
    }
    if let Some(note) = event.note.as_deref().map(str::trim).filter(|n| !n.is_empty()) {
        let stop = if note.ends_with(['。', '！', '？']) { "" } else { "。" };
        text.push_str(&format!("说明：{note}{stop}"));
    }
    if event.to == Status::已办结 {
        text.push_str(ASK_SOLVED);
    }
    text
}

/// The news of a move for somebody whose own ticket was merged into the one that moved: what happened, by which post. What was noted
/// is left out when it may speak of the first reporter.
#[must_use]
pub fn follow_news(own: &Ticket, carrying: &str, event: &TicketEvent) -> String {
    let mut text = format!("您一起反映的事（工单{}，并入{carrying}）：{}", own.number, follow_sentence(event.to));
    if !matches!(event.by.as_str(), "" | "系统" | "居民") {
        text.push_str(&format!("承办：{}。", event.by));
    }
    if let Some(note) = event.note.as_deref().map(str::trim).filter(|n| !n.is_empty() && !speaks_of_somebody(n)) {
        let stop = if note.ends_with(['。', '！', '？']) { "" } else { "。" };
        text.push_str(&format!("说明：{note}{stop}"));
    }
    text
}

/// As [`sentence`], for somebody who was not the first to report.
const fn follow_sentence(status: Status) -> &'static str {
    match status {
        Status::已办结 => "负责的岗位回复已经处理完毕。没解决的话，直接再跟我说一遍，我重新登记。",
        Status::已回访 => "先反映的居民已经评价，这件事已经结束。",
        Status::重新办理 => "先反映的居民说没有解决，已经重新办理。",
        Status::合并 => "它又与另一张工单合并办理，进展照样告诉您。",
        Status::撤销 => "先反映的居民撤销了工单。还需要办的话，直接再跟我说一遍，我重新登记。",
        other => sentence(other),
    }
}

/// Whether a note may tell who reported: a form of address, a door, a long run of digits.
fn speaks_of_somebody(note: &str) -> bool {
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
pub fn standing(ticket: &Ticket, now: Timestamp, zone: &TimeZone) -> String {
    let mut text = format!("工单{}（{}）：{}", ticket.number, ticket.title, sentence(ticket.status));
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
pub fn timeline(events: &[TicketEvent]) -> Vec<TimelineEntry> {
    events
        .iter()
        .map(|e| TimelineEntry {
            at: e.at,
            from: e.from,
            to: e.to,
            by: e.by.clone(),
            note: e.note.clone(),
            text: sentence(e.to).to_owned(),
        })
        .collect()
}
