//! The platform's own states and what a post may do in each.

use serde::{Deserialize, Serialize};

/// Where an incident stands at the platform. The words are what callbacks carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Stored; nobody has looked at it yet (已接收).
    Received,
    /// Somebody took it up (受理).
    Accepted,
    /// A post has it (交办).
    Assigned,
    /// The post is at work (处置中).
    InProgress,
    /// The post says it is done (办结).
    Resolved,
    /// Not for here, or not enough to act on (退回).
    Returned,
    /// It takes longer, with a reason (延期).
    Extended,
    /// It went into another incident (合并).
    Merged,
    /// Looked over and closed (结案).
    Closed,
}

impl State {
    /// Every state, in the order of the board.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Accepted,
        Self::Assigned,
        Self::InProgress,
        Self::Extended,
        Self::Returned,
        Self::Resolved,
        Self::Merged,
        Self::Closed,
    ];

    /// The word in the interface and in the storage.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Resolved => "resolved",
            Self::Returned => "returned",
            Self::Extended => "extended",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    /// The state behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// A button of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// 受理
    Accept,
    /// 交办
    Assign,
    /// 开始处置
    Start,
    /// 办结
    Resolve,
    /// 结案
    Close,
    /// 退回，须写原因
    Return,
    /// 延期，须写事由
    Extend,
    /// 并入另一事件
    Merge,
}

impl Move {
    /// Every move, in the order of the buttons.
    pub const ALL: [Self; 8] =
        [Self::Accept, Self::Assign, Self::Start, Self::Resolve, Self::Close, Self::Extend, Self::Return, Self::Merge];

    /// The last part of the move's address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Assign => "assign",
            Self::Start => "start",
            Self::Resolve => "resolve",
            Self::Close => "close",
            Self::Return => "return",
            Self::Extend => "extend",
            Self::Merge => "merge",
        }
    }

    /// The move behind an address.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.word() == word)
    }

    /// Where the move leads.
    #[must_use]
    pub const fn leads_to(self) -> State {
        match self {
            Self::Accept => State::Accepted,
            Self::Assign => State::Assigned,
            Self::Start => State::InProgress,
            Self::Resolve => State::Resolved,
            Self::Close => State::Closed,
            Self::Return => State::Returned,
            Self::Extend => State::Extended,
            Self::Merge => State::Merged,
        }
    }

    /// Whether the move is legal in `from`. Steps forwards may be skipped once somebody has accepted; nothing is
    /// closed that was never accepted.
    #[must_use]
    pub const fn allowed_in(self, from: State) -> bool {
        use State::{Accepted, Assigned, Extended, InProgress, Received, Resolved, Returned};
        match self {
            Self::Accept => matches!(from, Received | Returned),
            Self::Assign => matches!(from, Accepted | Extended),
            Self::Start => matches!(from, Accepted | Assigned | Extended),
            Self::Resolve => matches!(from, Accepted | Assigned | InProgress | Extended),
            Self::Close => matches!(from, Accepted | Assigned | InProgress | Extended | Resolved),
            Self::Return => matches!(from, Received | Accepted | Assigned | InProgress | Extended),
            Self::Extend => matches!(from, Accepted | Assigned | InProgress),
            Self::Merge => matches!(from, Received | Accepted | Assigned | InProgress | Extended | Returned),
        }
    }
}
