//! Everything that is counted, each with its definition in words.

use jiff::Timestamp;

use super::facts::{ConversationFact, DeliveryFact, Facts, TicketFact, TurnFact};
use crate::incident::ticket::Status;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// Conversations.
    Conversations,
    /// Turns.
    Turns,
    /// Tickets.
    Tickets,
    /// Pushes.
    Deliveries,
}

impl Of {
    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conversations => "conversations",
            Self::Turns => "turns",
            Self::Tickets => "tickets",
            Self::Deliveries => "deliveries",
        }
    }
}

/// A row of any kind.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// A conversation.
    Conversation(&'a ConversationFact),
    /// A turn.
    Turn(&'a TurnFact),
    /// A ticket.
    Ticket(&'a TicketFact),
    /// A push.
    Delivery(&'a DeliveryFact),
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More.
    More,
    /// Less.
    Less,
    /// Neither.
    Neither,
}

impl Better {
    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
            Self::Neither => "neither",
        }
    }
}

/// A test over rows of one kind. Now is a parameter: whether a deadline has passed depends on it.
#[derive(Clone, Copy)]
pub enum Test {
    /// Over conversations.
    Conversation(fn(&ConversationFact) -> bool),
    /// Over turns.
    Turn(fn(&TurnFact) -> bool),
    /// Over tickets.
    Ticket(fn(&TicketFact, Timestamp) -> bool),
    /// Over pushes.
    Delivery(fn(&DeliveryFact) -> bool),
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.of().word())
    }
}

impl Test {
    const fn of(&self) -> Of {
        match self {
            Self::Conversation(_) => Of::Conversations,
            Self::Turn(_) => Of::Turns,
            Self::Ticket(_) => Of::Tickets,
            Self::Delivery(_) => Of::Deliveries,
        }
    }

    fn passes(&self, row: &Row<'_>, now: Timestamp) -> bool {
        match (self, row) {
            (Self::Conversation(test), Row::Conversation(row)) => test(row),
            (Self::Turn(test), Row::Turn(row)) => test(row),
            (Self::Ticket(test), Row::Ticket(row)) => test(row, now),
            (Self::Delivery(test), Row::Delivery(row)) => test(row),
            _ => false,
        }
    }
}

/// One figure: rows that pass `part`, among those that pass `whole` when it is a rate.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// For programs.
    pub key: &'static str,
    /// What people read.
    pub title: &'static str,
    /// Under which heading.
    pub group: &'static str,
    /// What exactly is counted.
    pub definition: &'static str,
    /// Which rows are counted.
    pub part: Test,
    /// Among which; `None` = a plain count.
    pub whole: Option<Test>,
    /// Which way is good.
    pub better: Better,
}

/// Which rows of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those that are counted.
    Part,
    /// Those among which they are counted; of a plain count the same.
    Whole,
    /// Those of the whole that are not counted.
    Rest,
}

/// A number, and of a rate that among which it was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Rows that are counted.
    pub part: usize,
    /// Among so many.
    pub whole: Option<usize>,
}

impl Count {
    /// In percent; of nothing there is none.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        self.whole.filter(|w| *w > 0).map(|w| self.part as f64 * 100.0 / w as f64)
    }
}

impl Figure {
    /// The figure with this key.
    #[must_use]
    pub fn named(key: &str) -> Option<&'static Self> {
        FIGURES.iter().find(|f| f.key == key)
    }

    /// What is counted.
    #[must_use]
    pub const fn of(&self) -> Of {
        self.part.of()
    }

    /// Whether a row belongs to a side.
    #[must_use]
    pub fn takes(&self, row: &Row<'_>, side: Side, now: Timestamp) -> bool {
        let within = self.whole.is_none_or(|w| w.passes(row, now));
        let counted = within && self.part.passes(row, now);
        match (side, self.whole) {
            (Side::Part, _) | (Side::Whole, None) => counted,
            (Side::Whole, Some(_)) => within,
            (Side::Rest, whole) => whole.is_some() && within && !counted,
        }
    }

    /// Counts it over some rows.
    #[must_use]
    pub fn count(&self, rows: &[Row<'_>], now: Timestamp) -> Count {
        let side = |side| rows.iter().filter(|r| self.takes(r, side, now)).count();
        Count { part: side(Side::Part), whole: self.whole.map(|_| side(Side::Whole)) }
    }

    /// Counts it over everything.
    #[must_use]
    pub fn of_all(&self, facts: &Facts, now: Timestamp) -> Count {
        self.count(&facts.rows(self.of()), now)
    }
}

impl Facts {
    /// All rows of a kind.
    #[must_use]
    pub fn rows(&self, of: Of) -> Vec<Row<'_>> {
        match of {
            Of::Conversations => self.conversations.iter().map(Row::Conversation).collect(),
            Of::Turns => self.turns.iter().map(Row::Turn).collect(),
            Of::Tickets => self.tickets.iter().map(Row::Ticket).collect(),
            Of::Deliveries => self.deliveries.iter().map(Row::Delivery).collect(),
        }
    }
}

fn accepted_in_time(t: &TicketFact) -> bool {
    t.accepted_at.is_some_and(|at| at <= t.accept_by)
}

fn accept_judged(t: &TicketFact, now: Timestamp) -> bool {
    t.on_duty() && (t.accepted_at.is_some() || t.accept_by < now)
}

fn resolve_judged(t: &TicketFact, now: Timestamp) -> bool {
    t.on_duty() && (t.done() || (t.resolve_by < now && !t.paused))
}

fn resolved_in_time(t: &TicketFact) -> bool {
    t.done() && t.resolved_at.is_some_and(|at| at <= t.resolve_by)
}

fn overdue(t: &TicketFact, now: Timestamp) -> bool {
    let waits = matches!(t.status, Status::已提交 | Status::已送达平台) && t.accepted_at.is_none() && t.accept_by < now;
    t.on_duty() && !t.done() && (waits || (t.resolve_by < now && !t.paused))
}

const TALK: &str = "对话与问答";
const TICKETS: &str = "工单";
const THREE: &str = "三率";
const PUSHES: &str = "推送";

/// All figures, in the order in which people see them.
#[rustfmt::skip] // a figure a block, as a table
pub const FIGURES: &[Figure] = &[
    Figure { key: "conversations", title: "对话", group: TALK, better: Better::Neither,
        definition: "在这些天里开始、并且至少说过一句话的对话；按开始那天算。",
        part: Test::Conversation(|c| c.turns > 0), whole: None },
    Figure { key: "questions", title: "提问", group: TALK, better: Better::Neither,
        definition: "当作问题来回答的每一轮；反映事情、查进度、问候不算。",
        part: Test::Turn(TurnFact::asks), whole: None },
    Figure { key: "answered", title: "有答案", group: TALK, better: Better::More,
        definition: "提问里完整回答了的；没有找到依据的、中途断了的不算。",
        part: Test::Turn(|t| t.finish == "complete"), whole: Some(Test::Turn(TurnFact::asks)) },
    Figure { key: "unanswered", title: "未答率", group: TALK, better: Better::Less,
        definition: "提问里如实回答“没有找到依据”的。",
        part: Test::Turn(|t| t.finish == "refused"), whole: Some(Test::Turn(TurnFact::asks)) },
    Figure { key: "cut", title: "回答中断", group: TALK, better: Better::Less,
        definition: "提问里回答到一半断了的（模型或网络出错、服务重启）。",
        part: Test::Turn(|t| t.finish != "complete" && t.finish != "refused"), whole: Some(Test::Turn(TurnFact::asks)) },
    Figure { key: "self_served", title: "自助解决", group: TALK, better: Better::More,
        definition: "提过问题的对话里，至少有一个问题有答案，没有形成工单、也没有要求转人工的。",
        part: Test::Conversation(|c| c.answered > 0 && c.tickets == 0 && c.human == 0),
        whole: Some(Test::Conversation(|c| c.questions > 0)) },
    Figure { key: "to_human", title: "转人工", group: TALK, better: Better::Neither,
        definition: "对话里要求过找真人的。",
        part: Test::Conversation(|c| c.human > 0), whole: Some(Test::Conversation(|c| c.turns > 0)) },
    Figure { key: "thumbs_up", title: "点赞", group: TALK, better: Better::More,
        definition: "点过赞或踩的回答里点赞的；改过的按最后一次。",
        part: Test::Turn(|t| t.thumb.as_deref() == Some("up")), whole: Some(Test::Turn(|t| t.thumb.is_some())) },
    Figure { key: "thumbs_down", title: "点踩", group: TALK, better: Better::Less,
        definition: "点过赞或踩的回答里点踩的；改过的按最后一次。",
        part: Test::Turn(|t| t.thumb.as_deref() == Some("down")), whole: Some(Test::Turn(|t| t.thumb.is_some())) },
    Figure { key: "generated", title: "大模型作答", group: TALK, better: Better::Neither,
        definition: "提问里由大模型组织文字的；其余是指南原文和固定答复。",
        part: Test::Turn(|t| t.generated), whole: Some(Test::Turn(TurnFact::asks)) },

    Figure { key: "accepted_in_time", title: "响应率", group: THREE, better: Better::More,
        definition: "按时受理的比例。分母：已受理的，加上过了受理时限还没受理的；合并、撤销的不算。",
        part: Test::Ticket(|t, _| accepted_in_time(t)), whole: Some(Test::Ticket(accept_judged)) },
    Figure { key: "solved", title: "解决率", group: THREE, better: Better::More,
        definition: "居民评价里说“已解决”的比例；评过多次的按最后一次，没评的不算。",
        part: Test::Ticket(|t, _| t.rating.is_some_and(|(solved, _)| solved)), whole: Some(Test::Ticket(|t, _| t.rating.is_some())) },
    Figure { key: "satisfied", title: "满意率", group: THREE, better: Better::More,
        definition: "居民评价四星和五星的比例；评过多次的按最后一次，没评的不算。",
        part: Test::Ticket(|t, _| t.rating.is_some_and(|(_, stars)| stars >= 4)), whole: Some(Test::Ticket(|t, _| t.rating.is_some())) },

    Figure { key: "tickets", title: "工单", group: TICKETS, better: Better::Neither,
        definition: "在这些天里确认提交的工单，包括后来合并和撤销的。下面各项都只看这些工单现在的情况。",
        part: Test::Ticket(|_, _| true), whole: None },
    Figure { key: "resolved", title: "办结率", group: TICKETS, better: Better::More,
        definition: "现在已办结或已回访的比例；合并、撤销的不算。",
        part: Test::Ticket(|t, _| t.done()), whole: Some(Test::Ticket(|t, _| t.on_duty())) },
    Figure { key: "resolved_in_time", title: "按时办结率", group: TICKETS, better: Better::More,
        definition: "最后一次办结没有超过办结时限的比例。分母：已办结的，加上过了时限还没办结的；暂停计时的等恢复后再算，合并、撤销的不算。",
        part: Test::Ticket(|t, _| resolved_in_time(t)), whole: Some(Test::Ticket(resolve_judged)) },
    Figure { key: "overdue", title: "超时未办", group: TICKETS, better: Better::Less,
        definition: "现在还没办完，并且已经过了受理或办结时限的；暂停计时的不算。",
        part: Test::Ticket(overdue), whole: Some(Test::Ticket(|t, _| t.on_duty())) },
    Figure { key: "reopened", title: "重新办理", group: TICKETS, better: Better::Less,
        definition: "办结过的工单里，居民说没解决或审核后重新办理过的。",
        part: Test::Ticket(|t, _| t.reopened > 0), whole: Some(Test::Ticket(|t, _| t.resolved_at.is_some())) },
    Figure { key: "not_reopened", title: "一次办成", group: TICKETS, better: Better::More,
        definition: "办结过的工单里，没有重新办理过的。",
        part: Test::Ticket(|t, _| t.reopened == 0), whole: Some(Test::Ticket(|t, _| t.resolved_at.is_some())) },
    Figure { key: "returned", title: "退回过", group: TICKETS, better: Better::Less,
        definition: "岗位或平台退回过（退回待审）的；合并、撤销的不算。",
        part: Test::Ticket(|t, _| t.returned > 0), whole: Some(Test::Ticket(|t, _| t.on_duty())) },
    Figure { key: "rated", title: "评价过", group: TICKETS, better: Better::More,
        definition: "办结过的工单里，居民评过星的（回访）。",
        part: Test::Ticket(|t, _| t.rating.is_some()), whole: Some(Test::Ticket(|t, _| t.resolved_at.is_some() || t.rating.is_some())) },
    Figure { key: "merged", title: "一起反映", group: TICKETS, better: Better::Neither,
        definition: "并入另一张工单的（同一件事多人反映）。",
        part: Test::Ticket(|t, _| t.status == Status::合并), whole: Some(Test::Ticket(|_, _| true)) },
    Figure { key: "withdrawn", title: "撤销", group: TICKETS, better: Better::Neither,
        definition: "居民自己撤回或作废的。",
        part: Test::Ticket(|t, _| t.status == Status::撤销), whole: Some(Test::Ticket(|_, _| true)) },

    Figure { key: "pushes", title: "推送", group: PUSHES, better: Better::Neither,
        definition: "在这些天里排队推给治理平台的消息：工单、后来的变化、附件，各算一条。",
        part: Test::Delivery(|_| true), whole: None },
    Figure { key: "pushes_failed", title: "推送失败", group: PUSHES, better: Better::Less,
        definition: "平台拒收、要人处理的。",
        part: Test::Delivery(|d| d.state == "dead"), whole: Some(Test::Delivery(|_| true)) },
    Figure { key: "pushes_waiting", title: "等待推送", group: PUSHES, better: Better::Less,
        definition: "现在还没有送到的；平台恢复后会自动重试。",
        part: Test::Delivery(|d| d.state == "pending"), whole: Some(Test::Delivery(|_| true)) },
];

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// For programs.
    pub key: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What exactly is measured.
    pub definition: &'static str,
    /// Over how many.
    pub cases: usize,
    /// Half of them took no longer.
    pub median_ms: Option<u64>,
    /// Nine of ten took no longer.
    pub most_ms: Option<u64>,
}

/// The times.
#[must_use]
pub fn times(facts: &Facts) -> Vec<Took> {
    let since = |from: Timestamp, to: Timestamp| u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0);
    let answers = facts.turns.iter().filter(|t| t.asks() && t.finish == "complete").map(|t| t.took_ms).collect();
    let on_duty = || facts.tickets.iter().filter(|t| t.on_duty());
    let accepted = on_duty().filter_map(|t| t.accepted_at.map(|at| since(t.at, at))).collect();
    let resolved = on_duty().filter(|t| t.done()).filter_map(|t| t.resolved_at.map(|at| since(t.at, at))).collect();
    vec![
        took("answer", "回答用时", "从收到问题到答案完整显示，只算有答案的提问。", answers),
        took("accept", "受理用时", "从提交到受理的自然时间；合并、撤销的不算。", accepted),
        took("resolve", "办结用时", "从提交到最后一次办结的自然时间，只算现在已办结的。", resolved),
    ]
}

fn took(key: &'static str, title: &'static str, definition: &'static str, mut ms: Vec<u64>) -> Took {
    ms.sort_unstable();
    // The smallest value that so many of a hundred do not exceed.
    let at = |share: usize| ms.get((ms.len() * share).div_ceil(100).saturating_sub(1)).copied();
    Took { key, title, definition, cases: ms.len(), median_ms: at(50), most_ms: at(90) }
}
