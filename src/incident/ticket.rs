//! The ticket (工单): its fields as the outside sees them, its states and its legal moves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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
    已提交,
    已送达平台,
    已受理,
    已交办,
    处置中,
    已办结,
    已回访,
    重新办理,
    退回待审,
    延期,
    合并,
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

    /// Whether a ticket may go from here to `to`.
    ///
    /// A platform may skip steps forwards (a post that accepts, assigns and starts in one click);
    /// it never goes back except through 重新办理, 退回待审 or 延期.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use Status::{
            合并, 处置中, 已交办, 已办结, 已受理, 已回访, 已提交, 已送达平台, 延期, 撤销, 退回待审, 重新办理,
        };
        match self {
            已提交 => matches!(to, 已送达平台 | 已受理 | 已交办 | 处置中 | 已办结 | 退回待审 | 合并 | 撤销),
            已送达平台 => matches!(to, 已受理 | 已交办 | 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            已受理 => matches!(to, 已交办 | 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            已交办 => matches!(to, 处置中 | 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            处置中 => matches!(to, 已办结 | 退回待审 | 延期 | 合并 | 撤销),
            延期 => matches!(to, 已交办 | 处置中 | 已办结 | 退回待审 | 合并 | 撤销),
            退回待审 => matches!(to, 已送达平台 | 已受理 | 已交办 | 处置中 | 已办结 | 合并 | 撤销),
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
    Gcj02,
    Wgs84,
}

/// A position in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Point {
    pub lat: f64,
    pub lng: f64,
    pub system: PointSystem,
}

/// Where it is, as told and as found in the grid directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// The resident's own words for the place.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_grid: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// 0..=1: how sure the directory is of the grid. Below the street's threshold no grid is set.
    #[serde(default)]
    pub confidence: f32,
    /// The words of the message that led to the grid.
    #[serde(default)]
    pub matched_by: Vec<String>,
}

/// Who reports. Its visibility is its own: it is not in logs, prompts or pushes to an accused unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reporter {
    pub anonymous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Who is to act, with the reason in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Route {
    pub section: String,
    pub post: String,
    /// Stays responsible until the end (首接负责).
    pub first_receiver: String,
    #[serde(default)]
    pub co_units: Vec<String>,
    pub reason: String,
}

/// The deadlines and what they rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deadlines {
    #[schema(value_type = String, format = DateTime)]
    pub accept_by: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub resolve_by: Timestamp,
    /// The rule and how it counts, in words: 「紧急：5分钟内受理，24小时内办结（连续计时）」.
    pub basis: String,
}

/// Where the words came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    pub channel: String,
    pub conversation_id: Uuid,
}

/// A ticket. Field names are the contract with other programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Never changes; also the idempotency key towards the platform.
    pub id: Uuid,
    /// `WG` + yyyymmdd + six digits, in the street's time zone.
    pub number: String,
    pub kind: Kind,
    pub category: Category,
    /// At most 30 characters.
    pub title: String,
    pub description: String,
    /// The resident's own words, each message a line.
    pub original_words: String,
    pub place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub occurred_at: Option<Timestamp>,
    pub urgency: Urgency,
    pub urgency_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_affected: Option<u32>,
    /// The category's own questions and what was answered.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    #[serde(default)]
    pub attachments: Vec<Uuid>,
    pub reporter: Reporter,
    pub route: Route,
    pub clock: Deadlines,
    pub status: Status,
    /// How many residents stand behind it, the first one included.
    pub joined: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    pub source: Source,
    /// True when a model helped to fill it.
    pub assisted_by_ai: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub schema_version: u32,
}

/// One move of a ticket. Append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketEvent {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    pub to: Status,
    /// Who moved it: `居民`, `系统`, or the platform's handler as a post title.
    pub by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
