//! Gaps: questions that had no answer or a bad one, grouped, worked on, closed, and told to those who asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::knowledge::cluster::{self, Item};
use crate::knowledge::document::Audience;
use crate::knowledge::store::StoreError;

/// A question that was not answered well. Personal data are already replaced; the only link to a person is the conversation, and the
/// gap is deleted with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// Public id.
    pub id: Uuid,
    /// As asked.
    pub question: String,
    /// `no_passage` or `thumbs_down`.
    pub reason: String,
    /// What a thumbs-down said.
    pub comment: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who asked: `resident` or `gridworker`.
    #[schema(value_type = String)]
    pub audience: Audience,
    /// Where it was asked.
    pub conversation_id: Option<Uuid>,
    /// In which turn.
    pub turn_id: Option<Uuid>,
    /// The group that it is in.
    pub cluster_id: Option<Uuid>,
}

/// Where a group of gaps stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterState {
    /// Nobody works on it.
    Open,
    /// Somebody does.
    Assigned,
    /// A draft is written.
    Drafted,
    /// The draft is published.
    Answered,
    /// Done with, for a reason.
    Closed,
    /// For another body.
    NotOurDuty,
}

impl ClusterState {
    /// The word in storage.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Drafted => "drafted",
            Self::Answered => "answered",
            Self::Closed => "closed",
            Self::NotOurDuty => "not_our_duty",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Assigned, Self::Drafted, Self::Answered, Self::Closed, Self::NotOurDuty]
            .into_iter()
            .find(|s| s.word() == word)
    }

    /// May a person move a group there? `answered` follows from publishing, never from a wish.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use ClusterState::{Answered, Assigned, Closed, Drafted, NotOurDuty, Open};
        match self {
            Open => matches!(next, Assigned | Closed | NotOurDuty),
            Assigned => matches!(next, Open | Assigned | Closed | NotOurDuty),
            Drafted => matches!(next, Assigned | Closed | NotOurDuty),
            Answered => matches!(next, Assigned | Closed),
            Closed | NotOurDuty => matches!(next, Open | Assigned),
        }
    }

    /// Somebody still has to do something.
    #[must_use]
    pub const fn is_unfinished(self) -> bool {
        matches!(self, Self::Open | Self::Assigned | Self::Drafted)
    }

    /// Nobody has touched it yet: its members may still be grouped otherwise.
    #[must_use]
    pub const fn is_loose(self) -> bool {
        matches!(self, Self::Open)
    }
}

/// A group of gaps that ask nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    /// Public id.
    pub id: Uuid,
    /// The most central question.
    pub label: String,
    /// Where it stands.
    pub state: ClusterState,
    /// The account or post that works on it.
    pub owner: Option<String>,
    /// Until when.
    #[schema(value_type = Option<String>, format = Date)]
    pub due: Option<Date>,
    /// The document that shall answer it.
    pub document_id: Option<String>,
    /// The fixed answer that shall answer it.
    pub curated_id: Option<Uuid>,
    /// Why it was closed.
    pub reason: Option<String>,
    /// How often it was asked.
    pub asked: u64,
    /// In how many conversations that still exist.
    pub conversations: u64,
    /// How often an answer was called bad.
    pub thumbs_down: u64,
    /// How often it was asked again after it had been answered.
    pub asked_again: u64,
    /// Conversations that were told of the answer.
    pub told: u64,
    /// First asked.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// Last asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_at: Option<Timestamp>,
    /// When it was answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
}

/// What changes of a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterChange {
    /// The next state.
    pub state: Option<ClusterState>,
    /// The account or post; `Some(None)` = nobody.
    pub owner: Option<Option<String>>,
    /// Until when; `Some(None)` = no day.
    pub due: Option<Option<Date>>,
    /// The document that shall answer it.
    pub document_id: Option<String>,
    /// The fixed answer that shall answer it.
    pub curated_id: Option<Uuid>,
    /// Why it was closed.
    pub reason: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

/// One conversation that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Still there.
    pub conversation_id: Uuid,
    /// Its verified audience: it may only be told what it may know.
    pub audience: Audience,
    /// The question as it asked it, personal data replaced.
    pub question: String,
}

/// A grouping to be stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Regrouping {
    /// Groups with their label and first question; new ones are made, known ones get the label unless somebody works on them.
    pub groups: Vec<(Uuid, String, Timestamp)>,
    /// Gaps that change their group.
    pub moves: Vec<(Uuid, Uuid)>,
}

/// Rows of gaps.
#[async_trait]
pub trait GapStore: Send + Sync + std::fmt::Debug {
    /// Every gap, oldest first.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn gaps(&self) -> Result<Vec<Gap>, StoreError>;

    /// Gaps of one group, newest first.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn gaps_of(&self, cluster: Uuid) -> Result<Vec<Gap>, StoreError>;

    /// How many gaps are in no group yet.
    ///
    /// # Errors
    /// The database fails.
    async fn ungrouped(&self) -> Result<u64, StoreError>;

    /// All groups with their counts, most asked first.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn clusters(&self) -> Result<Vec<Cluster>, StoreError>;

    /// One group.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn cluster(&self, id: Uuid) -> Result<Option<Cluster>, StoreError>;

    /// Stores a grouping in one transaction; open groups that lost their last member go.
    ///
    /// # Errors
    /// The database fails; nothing is stored then.
    async fn regroup(&self, regrouping: &Regrouping, at: Timestamp) -> Result<(), StoreError>;

    /// Changes a group that is still in state `from`; false when it is not any more.
    ///
    /// # Errors
    /// The database fails.
    async fn change_cluster(
        &self,
        id: Uuid,
        from: ClusterState,
        change: &ClusterChange,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Conversations that asked, still exist and were not told, each once with its last question, in id order.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn askers(&self, cluster: Uuid) -> Result<Vec<Asker>, StoreError>;

    /// Notes that a conversation was told; doing it again changes nothing.
    ///
    /// # Errors
    /// The database fails, or the conversation is gone.
    async fn mark_told(&self, cluster: Uuid, conversation: Uuid, at: Timestamp) -> Result<(), StoreError>;
}

/// Groups all gaps anew: what somebody works on stays together, the rest follows from the questions alone. `new_id` names new groups.
#[must_use]
pub fn regroup(gaps: &[Gap], clusters: &[Cluster], idf: &dyn Fn(u32) -> f32, mut new_id: impl FnMut() -> Uuid) -> Regrouping {
    let at_work: HashMap<Uuid, usize> =
        clusters.iter().filter(|c| !c.state.is_loose()).enumerate().map(|(pin, c)| (c.id, pin)).collect();
    let by_pin: HashMap<usize, Uuid> = at_work.iter().map(|(id, pin)| (*pin, *id)).collect();
    let items: Vec<Item<'_>> =
        gaps.iter().map(|g| Item { text: &g.question, pinned: g.cluster_id.and_then(|id| at_work.get(&id)).copied() }).collect();
    let groups = cluster::group(&items, idf);
    let known: BTreeSet<Uuid> = clusters.iter().filter(|c| c.state.is_loose()).map(|c| c.id).collect();
    // A group keeps the id that most of its members had; an id goes to one group only, the largest share first.
    let mut claims: Vec<(usize, usize, Uuid)> = Vec::new();
    for (number, group) in groups.iter().enumerate().filter(|(_, g)| g.pinned.is_none()) {
        let mut votes: BTreeMap<Uuid, usize> = BTreeMap::new();
        for id in group.members.iter().filter_map(|m| gaps[*m].cluster_id).filter(|id| known.contains(id)) {
            *votes.entry(id).or_insert(0) += 1;
        }
        claims.extend(votes.into_iter().map(|(id, votes)| (votes, number, id)));
    }
    claims.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut named: BTreeMap<usize, Uuid> = BTreeMap::new();
    let mut taken: BTreeSet<Uuid> = BTreeSet::new();
    for (_, number, id) in claims {
        if !named.contains_key(&number) && taken.insert(id) {
            named.insert(number, id);
        }
    }
    let mut out = Regrouping::default();
    for (number, group) in groups.iter().enumerate() {
        let id = match group.pinned.and_then(|pin| by_pin.get(&pin).copied()).or_else(|| named.get(&number).copied()) {
            Some(id) => id,
            None => new_id(),
        };
        let first = group.members.iter().map(|m| gaps[*m].created_at).min().unwrap_or_default();
        out.groups.push((id, gaps[group.central].question.clone(), first));
        out.moves.extend(group.members.iter().map(|m| &gaps[*m]).filter(|g| g.cluster_id != Some(id)).map(|g| (g.id, id)));
    }
    out
}
