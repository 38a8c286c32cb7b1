//! 派单异议: a post says that a ticket is not for it, and another person decides.
//!
//! Raising moves the ticket to 退回待审. Whoever reviews it upholds the dispute (another post, the ticket is handed out anew) or
//! rejects it (back to the state before). The first receiver stays responsible unless the reviewer says why not (首接负责). What was
//! decided once stands: such a ticket cannot be disputed again. Every dispute is counted for the post that had the ticket.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dispatch::{DISPATCHER, is_community};
use super::rules::IncidentRules;
use super::store::StoreError;
use super::street::files::nearest;
use super::ticket::{Route, Status, Ticket};

/// Longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// A decision on a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DisputeDecision)]
pub struct Decided {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The account.
    pub by: String,
    /// Its name.
    pub by_name: String,
    /// The post was right.
    pub upheld: bool,
    /// Why, in words, for staff.
    pub words: String,
    /// The route since then, when upheld.
    pub route: Option<Route>,
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Dispute {
    /// Its id.
    pub id: Uuid,
    /// The ticket.
    pub number: String,
    /// When it was raised.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Timestamp,
    /// The account; empty = the governance platform returned the ticket.
    pub raised_by: String,
    /// Its name.
    pub raised_name: String,
    /// Why, in words, for staff.
    pub reason: String,
    /// The ticket's state before.
    pub before: Status,
    /// The route that is disputed.
    pub route: Route,
    /// What became of it.
    pub decided: Option<Decided>,
}

/// A dispute to be raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDispute {
    /// Its id.
    pub id: Uuid,
    /// The ticket.
    pub number: String,
    /// The account.
    pub by: String,
    /// Its name.
    pub by_name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A decision to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Id of the dispute when the platform returned the ticket and none was raised here.
    pub id: Uuid,
    /// The ticket.
    pub number: String,
    /// The account.
    pub by: String,
    /// Its name.
    pub by_name: String,
    /// Why.
    pub words: String,
    /// The new route when upheld; none when rejected.
    pub route: Option<Route>,
    /// When.
    pub at: Timestamp,
}

/// How a post's disputes ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PostDisputes {
    /// Section.
    pub section: String,
    /// Post.
    pub post: String,
    /// Raised in all.
    pub raised: u64,
    /// Not decided yet.
    pub open: u64,
    /// The post was right.
    pub upheld: u64,
    /// The post was not.
    pub rejected: u64,
}

/// Why nothing was raised or decided; nothing was changed.
#[derive(Debug, Error)]
pub enum DisputeError {
    /// Somebody else's dispute of this ticket waits.
    #[error("这张工单已有一件异议待审")]
    Waiting,
    /// It was decided once who has it.
    #[error("这张工单经异议审定后已指定承办，不能再次退回")]
    Designated,
    /// Nobody has it yet, or it is over.
    #[error("工单现在是「{}」，不能提出异议", .0.word())]
    State(Status),
    /// Nothing waits to be decided.
    #[error("这张工单没有待审的异议")]
    Nothing,
    /// Whoever raised it does not decide it.
    #[error("提出异议的人不能自己审定，请由另一位流转调度人员审定")]
    Own,
    /// Rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps disputes. Every method that writes is one durable transaction: row, state, event.
#[async_trait]
pub trait DisputeStore: Send + Sync + std::fmt::Debug {
    /// Raises a dispute and moves the ticket to 退回待审. The same account again gets its dispute that waits, and `false`.
    ///
    /// # Errors
    /// See [`DisputeError`].
    async fn raise(&self, new: &NewDispute) -> Result<(Dispute, bool), DisputeError>;

    /// Decides the dispute that waits and moves the ticket on. A ticket that the platform has moved on meanwhile keeps its state.
    ///
    /// # Errors
    /// See [`DisputeError`].
    async fn decide(&self, verdict: &Verdict) -> Result<Dispute, DisputeError>;

    /// The disputes of a ticket, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], as of all others here.
    async fn of_ticket(&self, number: &str) -> Result<Vec<Dispute>, StoreError>;

    /// The newest disputes, newest first; only those that wait when `open`.
    async fn disputes(&self, open: bool, limit: u32) -> Result<Vec<Dispute>, StoreError>;

    /// Counts by post, most disputes first.
    async fn by_post(&self) -> Result<Vec<PostDisputes>, StoreError>;
}

/// Whether somebody has a ticket in this state, and may say that it is not for them.
#[must_use]
pub const fn may_be_disputed(status: Status) -> bool {
    use Status::{处置中, 已交办, 已受理, 已送达平台, 延期, 重新办理};
    matches!(status, 已送达平台 | 已受理 | 已交办 | 处置中 | 延期 | 重新办理)
}

/// Who is to have the ticket from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoute {
    /// Section (板块).
    pub section: String,
    /// Post (岗位).
    pub post: String,
    /// Another first receiver; absent: the first one stays responsible (首接负责).
    #[serde(default)]
    pub first_receiver: Option<String>,
    /// Why the first receiver changes.
    #[serde(default)]
    pub first_receiver_reason: Option<String>,
    /// Who takes part; absent: as before, without the new post.
    #[serde(default)]
    pub co_units: Option<Vec<String>>,
}

/// The route that a reviewer wishes, checked against the street's posts and the 四清单.
///
/// # Errors
/// Field and words for each that is not possible.
pub fn new_route(ticket: &Ticket, wish: NewRoute, rules: &IncidentRules) -> Result<Route, Vec<(&'static str, String)>> {
    let NewRoute { section, post, first_receiver, first_receiver_reason, co_units } = wish;
    let mut wrong = Vec::new();
    let posts = posts(rules);
    let (section, post) = (section.trim().to_owned(), post.trim().to_owned());
    let hint = |word: &str, known: &mut dyn Iterator<Item = &str>| {
        nearest(word, known).map_or_else(String::new, |right| format!("，是不是「{right}」？"))
    };
    if !posts.iter().any(|(s, _)| *s == section) {
        wrong.push(("route.section", format!("没有「{section}」板块{}", hint(&section, &mut posts.iter().map(|(s, _)| *s)))));
    } else if !posts.iter().any(|(s, p)| *s == section && *p == post) {
        let mut of_section = posts.iter().filter(|(s, _)| *s == section).map(|(_, p)| *p);
        wrong.push(("route.post", format!("「{section}」没有「{post}」{}", hint(&post, &mut of_section))));
    }
    if ticket.route.section == section && ticket.route.post == post {
        wrong.push(("route.post", "异议成立要改派到另一个岗位".to_owned()));
    }
    let receiver = first_receiver.map(|r| r.trim().to_owned()).filter(|r| !r.is_empty() && *r != ticket.route.first_receiver);
    let why = first_receiver_reason.map(|r| r.trim().to_owned()).filter(|r| !r.is_empty());
    if receiver.is_some() && why.is_none() {
        wrong.push(("route.first_receiver_reason", "首接负责：更换首接单位要写明理由".to_owned()));
    }
    let communitys = rules.taxonomy.get(&ticket.category.code).is_none_or(|leaf| leaf.community_duty);
    if !communitys {
        if is_community(&post) {
            wrong.push(("route.post", "此事不在社区职责清单内，不能交社区办理".to_owned()));
        }
        if receiver.as_deref().is_some_and(is_community) {
            wrong.push(("route.first_receiver", "此事不在社区职责清单内，不能由社区首接".to_owned()));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut reason = format!("派单异议经审核成立，改由{section}的{post}负责");
    if let (Some(receiver), Some(why)) = (&receiver, &why) {
        reason.push_str(&format!("；首接单位改为{receiver}：{why}"));
    }
    let mut co_units = co_units.unwrap_or_else(|| ticket.route.co_units.clone());
    co_units.retain(|unit| !unit.trim().is_empty() && *unit != post);
    let first_receiver = receiver.unwrap_or_else(|| ticket.route.first_receiver.clone());
    Ok(Route { section, post, first_receiver, co_units, reason })
}

/// The posts that the street's tables name, with their sections.
#[must_use]
pub fn posts(rules: &IncidentRules) -> Vec<(&str, &str)> {
    let mut out: Vec<(&str, &str)> = rules.dispatch.posts().filter(|(section, _)| !section.is_empty()).collect();
    for leaf in rules.taxonomy.leaves() {
        let known = (leaf.section.as_str(), leaf.post.as_str());
        if !known.0.is_empty() && !known.1.is_empty() && !out.contains(&known) {
            out.push(known);
        }
    }
    // The dispatcher hands out for every section.
    let mut sections: Vec<&str> = out.iter().map(|(s, _)| *s).collect();
    sections.sort_unstable();
    sections.dedup();
    for section in sections {
        if !out.contains(&(section, DISPATCHER)) {
            out.push((section, DISPATCHER));
        }
    }
    out
}

/// What the resident reads about a decision; staff's own words stay with staff.
#[must_use]
pub fn words_for_resident(post: &str, upheld: bool) -> String {
    let post = if post.is_empty() { "原承办岗位" } else { post };
    if upheld {
        format!("经审核，改由{post}办理，不需要您再报一次")
    } else {
        format!("经审核，仍由{post}办理")
    }
}
