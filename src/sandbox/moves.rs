//! The platform's own states, and what may be done in each: one table, read by the board, the desk and the autopilot.

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
    /// The post gives it back; the command centre reviews that (退回待审).
    Returned,
    /// It takes longer, with a reason (延期).
    Extended,
    /// It went into another incident (合并).
    Merged,
    /// Looked over and closed (结案), or withdrawn.
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

    /// True while somebody still has to do something: the clocks run.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Merged | Self::Closed)
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
    /// 延期，须写事由和新时限；一轮办理中只有一次
    Extend,
    /// 申请再次延期，须写事由和新时限；由值班领导决定
    AskExtension,
    /// 值班领导同意再次延期
    ApproveExtension,
    /// 值班领导不同意再次延期
    RefuseExtension,
    /// 退回，须写原因；由指挥中心审核
    Return,
    /// 指挥中心同意退回，改派另一岗位
    AgreeReturn,
    /// 指挥中心不同意退回，回到原岗位
    RefuseReturn,
    /// 并入另一事件
    Merge,
}

/// Who presses a button when nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Whoever is on duty at the incident's post: A, or B while A is away.
    Post,
    /// The reviewer of the command centre.
    Centre,
    /// The leader on duty.
    Leader,
}

/// What has to be true besides the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing.
    Always,
    /// This round of handling has not been extended yet.
    NotExtended,
    /// It has been extended, and no further extension is waiting for the leader.
    Extended,
    /// A further extension is waiting for the leader.
    Asked,
}

/// What has to be said with a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing; a note is welcome.
    Nothing,
    /// The reason.
    Note,
    /// The reason; until when is one day more than there is, unless it is said.
    NoteAndUntil,
    /// Another post.
    Post,
}

/// One line of the table of legal moves.
#[derive(Debug)]
pub struct Rule {
    /// The move.
    pub step: Move,
    /// The last part of its address.
    pub word: &'static str,
    /// In which states it is legal.
    pub from: &'static [State],
    /// Where it leads; none: the state stays, and nobody outside is told.
    pub to: Option<State>,
    /// What else has to be true.
    pub when: When,
    /// What has to be said.
    pub needs: Needs,
    /// Who does it when nobody is named.
    pub by: By,
}

const WORKING: &[State] = &[State::Accepted, State::Assigned, State::InProgress, State::Extended];

/// Every legal move, in the order of the buttons: what somebody waits for stands first. Steps forwards may be skipped once somebody has accepted; nothing is
/// closed that was never accepted; what was returned goes on only by the reviewer's decision.
#[rustfmt::skip]
pub const RULES: [Rule; 13] = {
    use State::{Accepted, Assigned, Closed, Extended, InProgress, Merged, Received, Resolved, Returned};
    [
        Rule { step: Move::ApproveExtension, word: "approve_extension", from: WORKING, to: Some(Extended), when: When::Asked, needs: Needs::Nothing, by: By::Leader },
        Rule { step: Move::RefuseExtension, word: "refuse_extension", from: WORKING, to: None, when: When::Asked, needs: Needs::Note, by: By::Leader },
        Rule { step: Move::Accept, word: "accept", from: &[Received], to: Some(Accepted), when: When::Always, needs: Needs::Nothing, by: By::Post },
        Rule { step: Move::Assign, word: "assign", from: &[Accepted, Extended], to: Some(Assigned), when: When::Always, needs: Needs::Nothing, by: By::Post },
        Rule { step: Move::Start, word: "start", from: &[Accepted, Assigned, Extended], to: Some(InProgress), when: When::Always, needs: Needs::Nothing, by: By::Post },
        Rule { step: Move::AgreeReturn, word: "agree_return", from: &[Returned], to: Some(Assigned), when: When::Always, needs: Needs::Post, by: By::Centre },
        Rule { step: Move::RefuseReturn, word: "refuse_return", from: &[Returned], to: Some(Assigned), when: When::Always, needs: Needs::Note, by: By::Centre },
        Rule { step: Move::Resolve, word: "resolve", from: WORKING, to: Some(Resolved), when: When::Always, needs: Needs::Nothing, by: By::Post },
        Rule { step: Move::Close, word: "close", from: &[Accepted, Assigned, InProgress, Extended, Resolved], to: Some(Closed), when: When::Always, needs: Needs::Nothing, by: By::Post },
        Rule { step: Move::Extend, word: "extend", from: &[Accepted, Assigned, InProgress], to: Some(Extended), when: When::NotExtended, needs: Needs::NoteAndUntil, by: By::Post },
        Rule { step: Move::AskExtension, word: "ask_extension", from: WORKING, to: None, when: When::Extended, needs: Needs::NoteAndUntil, by: By::Post },
        Rule { step: Move::Return, word: "return", from: &[Received, Accepted, Assigned, InProgress, Extended], to: Some(Returned), when: When::Always, needs: Needs::Note, by: By::Post },
        Rule { step: Move::Merge, word: "merge", from: &[Received, Accepted, Assigned, InProgress, Extended, Returned], to: Some(Merged), when: When::Always, needs: Needs::Note, by: By::Post },
    ]
};

impl Move {
    /// Every move, in the order of the buttons.
    pub fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|rule| rule.step)
    }

    /// Its line in the table.
    #[must_use]
    pub fn rule(self) -> &'static Rule {
        // The table has every move: `every_move_has_its_line` keeps it so.
        RULES.iter().find(|rule| rule.step == self).unwrap_or(&RULES[0])
    }

    /// The last part of the move's address.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.rule().word
    }

    /// The move behind an address.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        RULES.iter().find(|rule| rule.word == word).map(|rule| rule.step)
    }

    /// Where the move leads from `from`.
    #[must_use]
    pub fn leads_to(self, from: State) -> State {
        self.rule().to.unwrap_or(from)
    }

    /// Whether the move is legal in a state with this many extensions, `asked` being true while the leader is asked for
    /// another one.
    #[must_use]
    pub fn allowed_in(self, from: State, extensions: u32, asked: bool) -> bool {
        let rule = self.rule();
        rule.from.contains(&from)
            && match rule.when {
                When::Always => true,
                When::NotExtended => extensions == 0,
                When::Extended => extensions > 0 && !asked,
                When::Asked => asked,
            }
    }
}
