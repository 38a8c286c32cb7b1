//! Roles, and what each of them may do.
//!
//! A permission names one thing that a call does; `http/access.rs` says which call needs which. To add one: a line in the
//! table below, a place in the roles that have it, a line in the access table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident, $word:literal, $title:literal;)*) => {
        /// One thing that an account may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word that programs and the storage use.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What people read.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

permissions! {
    /// Conversations under the gridworkers' audience, and their documents.
    ProcedureAsk, "procedure_ask", "办理规程问答";
    /// Tickets of the own scope.
    TicketRead, "ticket_read", "查看工单";
    /// Legal moves of a ticket of the own scope.
    TicketMove, "ticket_move", "推进工单";
    /// Assigning, returning, merging.
    TicketDispatch, "ticket_dispatch", "流转调度";
    /// Who reported a ticket of the own scope; every reading is written down.
    IdentityRead, "identity_read", "查看反映人";
    /// Who reported what is anonymous or confidential.
    ConfidentialRead, "confidential_read", "查看保密反映人";
    /// Hazard ledgers and visits.
    LedgerRead, "ledger_read", "查看台账";
    /// Changes of ledgers and visits.
    LedgerWrite, "ledger_write", "登记台账";
    /// What waits for the governance platform.
    OutboxRead, "outbox_read", "查看推送队列";
    /// Pushing dead letters again.
    OutboxReplay, "outbox_replay", "重新推送";
    /// Setting a category right, which teaches the classifier.
    CategoryCorrect, "category_correct", "纠正分类";
    /// Examples and training of the classifier.
    ClassifierTrain, "classifier_train", "训练分类";
    /// Documents in every state, versions, pieces.
    DocumentRead, "document_read", "查看资料";
    /// Drafts: writing, changing, sending to review.
    DocumentWrite, "document_write", "编辑资料";
    /// Approving or sending back what another person wrote.
    DocumentReview, "document_review", "审核资料";
    /// Publishing, retiring, rolling back.
    DocumentPublish, "document_publish", "发布资料";
    /// Import jobs.
    ImportRun, "import_run", "导入资料";
    /// Curated answers.
    CuratedRead, "curated_read", "查看固定答复";
    /// Changes of curated answers.
    CuratedWrite, "curated_write", "编辑固定答复";
    /// Putting a curated answer live or taking it back.
    CuratedPublish, "curated_publish", "发布固定答复";
    /// Unanswered and thumbs-down questions.
    GapRead, "gap_read", "查看知识缺口";
    /// Assigning, drafting, closing them.
    GapAssign, "gap_assign", "处理知识缺口";
    /// Question sets.
    QuestionSetRead, "question_set_read", "查看试题集";
    /// Changes of question sets.
    QuestionSetWrite, "question_set_write", "编辑试题集";
    /// Evaluation runs and their scores.
    EvaluationRead, "evaluation_read", "查看评测";
    /// Starting a run.
    EvaluationRun, "evaluation_run", "运行评测";
    /// Hit test with the score of each leg.
    SearchTest, "search_test", "命中测试";
    /// Questions that were asked, for curation; personal data are hidden.
    ConversationRead, "conversation_read", "查看提问记录";
    /// Everyday words and official terms.
    LexiconWrite, "lexicon_write", "编辑词表";
    /// State of the index and its generations.
    IndexRead, "index_read", "查看索引";
    /// Building, switching and rolling back generations, training the search.
    IndexManage, "index_manage", "管理索引";
    /// Figures about use and results.
    InsightRead, "insight_read", "查看统计";
    /// Taxonomy, grids, dispatch, clocks.
    StreetManage, "street_manage", "维护街道数据";
    /// Settings and health.
    SystemRead, "system_read", "查看系统状态";
    /// Channels, endpoints, prompts.
    SystemManage, "system_manage", "系统设置";
    /// Accounts and their roles.
    AccountRead, "account_read", "查看账号";
    /// Creating, changing, disabling accounts; keys of others.
    AccountManage, "account_manage", "管理账号";
    /// API keys of one's own.
    KeyOwn, "key_own", "管理自己的接口密钥";
    /// The audit log.
    AuditRead, "audit_read", "查看审计日志";
}

/// A set of permissions, in a fixed order.
pub type Permissions = BTreeSet<Permission>;

impl Permission {
    /// The permission behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.word() == word)
    }

    /// Whether an API key may carry it. A key that could make accounts or keys would outlive its own end; who reported is shown
    /// to persons only.
    #[must_use]
    pub const fn delegable(self) -> bool {
        !matches!(self, Self::AccountManage | Self::KeyOwn | Self::IdentityRead | Self::ConfidentialRead)
    }
}

/// What an account is for. An account may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// In the stairwell: asks procedures, reports, moves the tickets of the own grids.
    Gridworker,
    /// At the centre: hands each event to a post.
    Dispatcher,
    /// Writes the knowledge.
    Curator,
    /// Approves and publishes what a curator wrote.
    Reviewer,
    /// Accounts, index, system; writes and publishes no knowledge.
    Administrator,
    /// Reads, and changes nothing.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Gridworker, Self::Dispatcher, Self::Curator, Self::Reviewer, Self::Administrator, Self::Auditor];

    /// The word that programs, the command line and the storage use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gridworker => "gridworker",
            Self::Dispatcher => "dispatcher",
            Self::Curator => "curator",
            Self::Reviewer => "reviewer",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Gridworker => "网格员",
            Self::Dispatcher => "流转调度员",
            Self::Curator => "知识编辑",
            Self::Reviewer => "知识审核",
            Self::Administrator => "管理员",
            Self::Auditor => "审计员",
        }
    }

    /// The role behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.word() == word)
    }

    /// What the role may do.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Gridworker => &[
                P::ProcedureAsk,
                P::TicketRead,
                P::TicketMove,
                P::IdentityRead,
                P::LedgerRead,
                P::LedgerWrite,
                P::CategoryCorrect,
            ],
            Self::Dispatcher => &[
                P::ProcedureAsk,
                P::TicketRead,
                P::TicketMove,
                P::TicketDispatch,
                P::IdentityRead,
                P::ConfidentialRead,
                P::LedgerRead,
                P::LedgerWrite,
                P::OutboxRead,
                P::OutboxReplay,
                P::CategoryCorrect,
                P::InsightRead,
                P::KeyOwn,
            ],
            Self::Curator => &[
                P::ProcedureAsk,
                P::CategoryCorrect,
                P::ClassifierTrain,
                P::DocumentRead,
                P::DocumentWrite,
                P::ImportRun,
                P::CuratedRead,
                P::CuratedWrite,
                P::GapRead,
                P::GapAssign,
                P::QuestionSetRead,
                P::QuestionSetWrite,
                P::EvaluationRead,
                P::EvaluationRun,
                P::SearchTest,
                P::ConversationRead,
                P::LexiconWrite,
                P::IndexRead,
                P::InsightRead,
                P::KeyOwn,
            ],
            Self::Reviewer => &[
                P::ProcedureAsk,
                P::DocumentRead,
                P::DocumentReview,
                P::DocumentPublish,
                P::CuratedRead,
                P::CuratedPublish,
                P::GapRead,
                P::QuestionSetRead,
                P::EvaluationRead,
                P::EvaluationRun,
                P::SearchTest,
                P::ConversationRead,
                P::IndexRead,
                P::InsightRead,
                P::KeyOwn,
            ],
            Self::Administrator => &[
                P::OutboxRead,
                P::OutboxReplay,
                P::ClassifierTrain,
                P::DocumentRead,
                P::CuratedRead,
                P::GapRead,
                P::QuestionSetRead,
                P::EvaluationRead,
                P::EvaluationRun,
                P::SearchTest,
                P::IndexRead,
                P::IndexManage,
                P::InsightRead,
                P::StreetManage,
                P::SystemRead,
                P::SystemManage,
                P::AccountRead,
                P::AccountManage,
                P::KeyOwn,
                P::AuditRead,
            ],
            Self::Auditor => &[
                P::OutboxRead,
                P::DocumentRead,
                P::CuratedRead,
                P::GapRead,
                P::QuestionSetRead,
                P::EvaluationRead,
                P::IndexRead,
                P::InsightRead,
                P::SystemRead,
                P::AccountRead,
                P::AuditRead,
            ],
        }
    }
}

/// What all of `roles` together may do.
#[must_use]
pub fn permissions_of(roles: &BTreeSet<Role>) -> Permissions {
    roles.iter().flat_map(|r| r.permissions().iter().copied()).collect()
}
