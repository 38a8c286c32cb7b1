//! The ticket (工单): its fields as the outside sees them, its states and its legal moves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

/// The shape of [`Ticket`] that this program writes. Raise it when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// What the resident wants with it (诉求类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Kind {
    /// Something is wrong and somebody is to blame for it.
    投诉,
    /// Something is needed.
    求助,
    /// Something could be better.
    建议,
    /// Somebody breaks a rule and does not want to be seen telling it.
    举报,
    /// Only a question.
    咨询,
}

/// How soon somebody must look (紧急程度).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Urgency {
    /// Working hours count.
    一般,
    /// The clock runs continuously; accepted within five minutes.
    紧急,
    /// Life is in danger now; 110/119/120 come first.
    特急,
}

/// Where the ticket stands. A draft (待确认) is not a ticket yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Status {
    /// Stored here, not yet at the platform.
    已提交,
    /// The platform has it.
    已送达平台,
    /// Somebody has accepted it.
    已受理,
    /// Handed to a post.
    已交办,
    /// A post works on it.
    处置中,
    /// The post says it is done.
    已办结,
    /// The resident was asked and is content.
    已回访,
    /// Not solved: done again.
    重新办理,
    /// The post returned it; a reviewer decides.
    退回待审,
    /// Needs more time, with a reason.
    延期,
    /// Joined with another ticket.
    合并,
    /// Withdrawn.
    撤销,
}

impl Status {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 12] = [
        Self::已提交,
        Self::已送达平台,
        Self::已受理,
        Self::已交办,
        Self::处置中,
        Self::已办结,
        Self::已回访,
        Self::重新办理,
        Self::退回待审,
        Self::延期,
        Self::合并,
        Self::撤销,
    ];

    /// The word as it is shown and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::已提交 => "已提交",
            Self::已送达平台 => "已送达平台",
            Self::已受理 => "已受理",
            Self::已交办 => "已交办",
            Self::处置中 => "处置中",
            Self::已办结 => "已办结",
            Self::已回访 => "已回访",
            Self::重新办理 => "重新办理",
            Self::退回待审 => "退回待审",
            Self::延期 => "延期",
            Self::合并 => "合并",
            Self::撤销 => "撤销",
        }
    }

    /// The state that a stored word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }

    /// True when nothing more is expected to happen.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::已回访 | Self::合并 | Self::撤销)
    }

    /// True while other reports of the same matter can be merged into it: somebody is still to act.
    #[must_use]
    pub const fn may_take_in(self) -> bool {
        !matches!(self, Self::已办结 | Self::已回访 | Self::合并 | Self::撤销)
    }

    /// Whether a ticket may go from here to `to`.
    ///
    /// A platform may skip steps forwards (a post that accepts, assigns and starts in one click);
    /// it never goes back except through 重新办理, 退回待审 or 延期.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use Status::{
            合并, 处置中, 已交办, 已办结, 已受理, 已回访, 已提交, 已送达平台, 延期, 撤销, 退回待审, 重新办理
        };
        match self {
            已提交 => matches!(to, 已送达平台 | 已受理 | 已交办 | 处置中 | 已办结 | 退回待审 | 合并 | 撤销),
            已送达平台 => matches!(to, 已受理 | 已交办 | 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            已受理 => matches!(to, 已交办 | 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            已交办 => matches!(to, 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            处置中 => matches!(to, 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            延期 => matches!(to, 已交办 | 处置中 | 已办结 | 退回待审 | 合并 | 撤销),
            退回待审 => matches!(to, 已送达平台 | 已受理 | 已交办 | 处置中 | 已办结 | 重新办理 | 延期 | 合并 | 撤销),
            已办结 => matches!(to, 已回访 | 重新办理),
            已回访 => matches!(to, 重新办理),
            重新办理 => matches!(to, 已受理 | 已交办 | 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            合并 | 撤销 => false,
        }
    }
}

/// The category that was picked from the taxonomy, never invented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Category {
    /// Code of the leaf in the street's taxonomy.
    pub code: String,
    /// Its plain name.
    pub name: String,
    /// Names from the first level to the leaf.
    pub path: Vec<String>,
    /// The section (板块) that the leaf belongs to.
    pub section: String,
    /// Codes in other schemes, by scheme: `gbt30428`, `12345`.
    #[serde(default)]
    pub standard_codes: BTreeMap<String, String>,
}

/// Coordinate systems a point can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PointSystem {
    /// The system of maps published in China.
    Gcj02,
    /// GPS.
    Wgs84,
}

/// A position in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lng: f64,
    /// The system of both.
    pub system: PointSystem,
    /// How far it may be wrong, in metres, when the device says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
}

/// Where it is, as told and as found in the grid directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// The resident's own words for the place.
    pub text: String,
    /// Name of the community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    /// Name of the grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<String>,
    /// Its code in the grid directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_code: Option<String>,
    /// Name of the micro-grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_grid: Option<String>,
    /// Full name of the estate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estate: Option<String>,
    /// Building, always written like `7栋`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building: Option<String>,
    /// Unit, always written like `2单元`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Room: personal, never leaves towards a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Position, when the device gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// 0..=1: how sure the directory is of the grid. Below the street's threshold no grid is set.
    #[serde(default, serialize_with = "hundredths")]
    pub confidence: f32,
    /// The words of the message that led to the grid.
    #[serde(default)]
    pub matched_by: Vec<String>,
}

/// Who reports. Its visibility is its own: it is not in logs, prompts or pushes to an accused unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reporter {
    /// Wants to stay anonymous.
    pub anonymous: bool,
    /// Name as self-given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digits of the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What tells who a reporter is: apart from the rest of a ticket it lies sealed, and goes only where it may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Name as self-given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digits of the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Own words: how somebody speaks, and whatever they said of themselves.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub original_words: String,
}

/// Who is to act, with the reason in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// Section (板块).
    pub section: String,
    /// Post (岗位) that handles it.
    pub post: String,
    /// Stays responsible until the end (首接负责).
    pub first_receiver: String,
    /// Who takes part.
    #[serde(default)]
    pub co_units: Vec<String>,
    /// Why, in words.
    pub reason: String,
}

/// The deadlines that hold, and what they rest on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deadlines {
    /// Somebody has accepted it by then.
    #[schema(value_type = String, format = DateTime)]
    pub accept_by: Timestamp,
    /// It is resolved by then.
    #[schema(value_type = String, format = DateTime)]
    pub resolve_by: Timestamp,
    /// The rule and how it counts, in words: 「紧急：5分钟内受理，24小时内办结（连续计时）」; when it was extended or is paused,
    /// that too, with the reason.
    pub basis: String,
    /// Id of the rule in clocks.csv; none for tickets from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Since when the clock stands still (挂起). `resolve_by` is then the deadline from before: it moves when the clock goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_since: Option<Timestamp>,
    /// Why it is paused, else why it was extended, in words for the resident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How often `resolve_by` was put off in this round.
    #[serde(default, skip_serializing_if = "none")]
    pub extended: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn none(count: &u32) -> bool {
    *count == 0
}

/// The filing-and-closing standard (立结案标准) that a ticket was taken under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilingStandard {
    /// Category and order: `010101-1`.
    pub id: String,
    /// When it is filed (立案条件).
    pub filing: String,
    /// When it may be closed (结案条件).
    pub closing: String,
    /// Who must put it right (责任主体).
    pub responsible: String,
    /// Who sees to it that it is put right (监管主体).
    pub supervisor: String,
    /// Articles (法律依据), separated by `|`; empty where none is cited.
    #[serde(default)]
    pub legal_basis: String,
}

/// Where the words came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Id of the channel: `web`, …
    pub channel: String,
    /// The conversation.
    pub conversation_id: Uuid,
}

/// A ticket. Field names are the contract with other programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Never changes; also the idempotency key towards the platform.
    pub id: Uuid,
    /// `WG` + yyyymmdd + six digits, in the street's time zone.
    pub number: String,
    /// What the resident wants.
    pub kind: Kind,
    /// The category.
    pub category: Category,
    /// At most 30 characters.
    pub title: String,
    /// What happened.
    pub description: String,
    /// The resident's own words, each message a line.
    pub original_words: String,
    /// Where.
    pub place: Place,
    /// When it happened, as told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub occurred_at: Option<Timestamp>,
    /// How soon.
    pub urgency: Urgency,
    /// Why that soon, in words.
    pub urgency_reason: String,
    /// How many suffer from it, as told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// The category's own questions and what was answered.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// Ids of photos.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
    /// Who reports.
    pub reporter: Reporter,
    /// Who acts.
    pub route: Route,
    /// Until when.
    pub clock: Deadlines,
    /// The standard it was taken under; none in tickets from before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<FilingStandard>,
    /// Who reports goes to nobody who handles it (保密): a tip-off, or a category that is confidential.
    #[serde(default)]
    pub confidential: bool,
    /// Where it stands.
    pub status: Status,
    /// How many residents stand behind it, the first one included.
    pub joined: u32,
    /// Number of the ticket that it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    /// The ledger (台账) it is kept in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Where the words came from.
    pub source: Source,
    /// True when a model helped to fill it.
    pub assisted_by_ai: bool,
    /// When it was confirmed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// [`SCHEMA_VERSION`] when it was written.
    pub schema_version: u32,
}

impl Ticket {
    /// Takes out what tells who the reporter is. That they wish to be anonymous stays.
    pub fn take_identity(&mut self) -> Identity {
        Identity {
            name: self.reporter.name.take(),
            phone: self.reporter.phone.take(),
            room: self.place.room.take(),
            original_words: std::mem::take(&mut self.original_words),
        }
    }

    /// Puts back what [`Self::take_identity`] took.
    pub fn put_identity(&mut self, identity: Identity) {
        let Identity { name, phone, room, original_words } = identity;
        self.reporter.name = name;
        self.reporter.phone = phone;
        self.place.room = room;
        self.original_words = original_words;
    }
}

/// One move of a ticket. Append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketEvent {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The state before; none for the first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    /// The state after.
    pub to: Status,
    /// Who moved it: `居民`, `系统`, or the platform's handler as a post title.
    pub by: String,
    /// What was said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Two places after the point: a number of 32 bits made into one of 64 would tell `0.9900000095367432` to a platform.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's own shape")]
fn hundredths<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((f64::from(*value) * 100.0).round() / 100.0)
}
