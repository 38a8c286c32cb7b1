//! Posts (岗位) and who holds them as A and B, leave with a stand-in, hand-over for good.
//!
//! While somebody is away the stand-in sees and moves what lies in the other's part of the street too, with the stand-in's own
//! rights: a leave widens where somebody acts, never what they may do. What was done for somebody else says so.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::account::{Account, Scope};
use super::caller::Caller;
use super::duty_store::{HandOver, LeaveKept, Moved};
use super::role::Permission;
use super::service::{Accounts, IdentityError};

/// Longest note of a leave, in characters.
const MAX_NOTE: usize = 100;
/// Longest leave.
const MAX_LEAVE: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What a stand-in or successor must be able to do, if the other one can.
const WORK: [Permission; 3] = [Permission::TicketRead, Permission::TicketMove, Permission::TicketDispatch];

/// As what somebody holds a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Duty {
    /// Holds it.
    A,
    /// Stands in.
    B,
}

impl Duty {
    /// The word in the rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    /// The duty behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::A, Self::B].into_iter().find(|d| d.word() == word)
    }
}

/// One account at one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Name of the post.
    pub post: String,
    /// As what.
    pub duty: Duty,
    /// Who.
    pub account_id: Uuid,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody is away, and somebody else acts meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Stable id.
    pub id: Uuid,
    /// Who is away.
    pub account_id: Uuid,
    /// Who acts.
    pub stand_in: Uuid,
    /// From.
    pub starts_at: Timestamp,
    /// Until.
    pub ends_at: Timestamp,
    /// For colleagues.
    pub note: String,
    /// When it was entered.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

impl Leave {
    /// True while the stand-in acts.
    #[must_use]
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }
}

/// For whom a caller stands in at the moment of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Who is away.
    pub account_id: Uuid,
    /// Their name.
    pub name: String,
    /// Their title.
    pub title: String,
    /// Their part of the street.
    pub scope: Scope,
    /// The posts that they hold as A.
    pub posts: BTreeSet<String>,
    /// Until when.
    pub until: Timestamp,
}

/// A leave to be.
#[derive(Debug, Clone)]
pub struct NewLeave {
    /// Who is away.
    pub account_id: Uuid,
    /// Who acts.
    pub stand_in: Uuid,
    /// From.
    pub starts_at: Timestamp,
    /// Until.
    pub ends_at: Timestamp,
    /// For colleagues.
    pub note: String,
}

fn invalid(field: &'static str, message: impl Into<String>) -> IdentityError {
    IdentityError::Invalid { field, message: message.into() }
}

/// The first right that the work of `of` needs and `who` does not have.
fn lacking(who: &Account, of: &Account) -> Option<Permission> {
    let (has, needs) = (who.permissions(), of.permissions());
    WORK.into_iter().find(|p| needs.contains(p) && !has.contains(p))
}

impl Accounts {
    /// Who holds which post, by post.
    pub async fn holders(&self) -> Result<Vec<Holder>, IdentityError> {
        Ok(self.store.holders().await?)
    }

    /// Says who holds a post as A and as B from now on. The caller knows that there is such a post.
    pub async fn assign_post(&self, caller: &Caller, post: &str, a: Option<Uuid>, b: Option<Uuid>) -> Result<(), IdentityError> {
        if a.is_some() && a == b {
            return Err(invalid("b", "A岗和B岗不能是同一个账号"));
        }
        let mut names = [Value::Null, Value::Null];
        for (at, (field, id)) in [("a", a), ("b", b)].into_iter().enumerate() {
            let Some(id) = id else { continue };
            let account = self.account(id).await?;
            if !account.is_enabled() {
                return Err(invalid(field, format!("“{}”已停用，请换一个账号", account.name)));
            }
            names[at] = Value::from(account.name);
        }
        let before = self.store.holders().await?;
        let held = |duty| before.iter().find(|h| h.post == post && h.duty == duty).map(|h| h.account_id);
        if held(Duty::A) == a && held(Duty::B) == b {
            return Ok(());
        }
        let [name_a, name_b] = names;
        let entry = self.entry(caller, "post.assign", ("post", post), json!({ "A岗": name_a, "B岗": name_b }));
        Ok(self.store.hold(post, [(Duty::A, a), (Duty::B, b)], self.now(), &entry).await?)
    }

    /// All leaves, the latest beginning first.
    pub async fn leaves(&self) -> Result<Vec<Leave>, IdentityError> {
        Ok(self.store.leaves().await?)
    }

    /// Enters a leave.
    pub async fn add_leave(&self, caller: &Caller, new: NewLeave) -> Result<Leave, IdentityError> {
        let NewLeave { account_id, stand_in, starts_at, ends_at, note } = new;
        let now = self.now();
        if account_id == stand_in {
            return Err(invalid("stand_in", "不能自己代自己的班"));
        }
        if ends_at <= starts_at {
            return Err(invalid("until", "结束时间要晚于开始时间"));
        }
        if ends_at <= now {
            return Err(invalid("until", "结束时间已经过去"));
        }
        if ends_at.duration_since(starts_at) > MAX_LEAVE {
            return Err(invalid("until", "最长一年；长期不在岗请办理移交"));
        }
        let note = note.trim().to_owned();
        if note.chars().count() > MAX_NOTE || note.chars().any(char::is_control) {
            return Err(invalid("note", format!("说明最多{MAX_NOTE}个字符，只能一行")));
        }
        let (away, acting) = (self.account(account_id).await?, self.account(stand_in).await?);
        if !acting.is_enabled() {
            return Err(invalid("stand_in", format!("“{}”已停用，请换一个代班人", acting.name)));
        }
        if let Some(right) = lacking(&acting, &away) {
            return Err(invalid("stand_in", format!("“{}”没有“{}”的权限，代不了这个班", acting.name, right.title())));
        }
        let whole = |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        let leave = Leave {
            id: self.ids.uuid(),
            account_id,
            stand_in,
            starts_at: whole(starts_at),
            ends_at: whole(ends_at),
            note,
            created_at: now,
            created_by: caller.name.clone(),
        };
        let detail = json!({
            "name": away.name, "stand_in": acting.name, "from": leave.starts_at.to_string(), "until": leave.ends_at.to_string(),
        });
        let entry = self.entry(caller, "leave.create", ("account", &account_id.to_string()), detail);
        match self.store.add_leave(&leave, &entry).await? {
            LeaveKept::Done => Ok(leave),
            LeaveKept::AwayAlready => Err(IdentityError::Conflict("这段时间里已经登记了离岗，请先结束原来的")),
            LeaveKept::StandInAway => Err(IdentityError::Conflict("代班人这段时间自己也不在岗，请换一个人")),
            LeaveKept::StandsInItself => Err(IdentityError::Conflict("这个账号这段时间正在代别人的班，请先把那边的代班换人")),
        }
    }

    /// Ends a leave now. Ending it twice is no fault.
    pub async fn end_leave(&self, caller: &Caller, id: Uuid) -> Result<(), IdentityError> {
        let leaves = self.store.leaves().await?;
        let leave = leaves.iter().find(|l| l.id == id).ok_or(IdentityError::Missing)?;
        let (away, acting) = (self.account(leave.account_id).await?, self.account(leave.stand_in).await?);
        let detail = json!({ "name": away.name, "stand_in": acting.name });
        let entry = self.entry(caller, "leave.end", ("account", &away.id.to_string()), detail);
        self.store.end_leave(id, self.now(), &entry).await?;
        Ok(())
    }

    /// For whom an account stands in now.
    pub async fn standing_in(&self, account: Uuid) -> Result<Vec<StandIn>, IdentityError> {
        let on = self.store.standing_in(account, self.now()).await?;
        if on.is_empty() {
            return Ok(Vec::new());
        }
        let holders = self.store.holders().await?;
        let stand_in = |(leave, away): (Leave, Account)| StandIn {
            posts: a_posts(&holders, away.id),
            account_id: away.id,
            name: away.name,
            title: away.title,
            scope: away.scope,
            until: leave.ends_at,
        };
        Ok(on.into_iter().map(stand_in).collect())
    }

    /// The caller of a session, widened by those for whom it stands in.
    pub(super) async fn widened(&self, mut caller: Caller) -> Result<Caller, IdentityError> {
        caller.stands_in = self.standing_in(caller.account_id).await?;
        if !caller.stands_in.is_empty() {
            caller.own_posts = a_posts(&self.store.holders().await?, caller.account_id);
            caller.scope = caller.stands_in.iter().fold(caller.own_scope.clone(), |all, s| all.and(&s.scope));
        }
        Ok(caller)
    }

    /// Hands everything of `from` to `to`, for good: posts, part of the street, assigned gaps. `listed` is what the caller was shown,
    /// for the log.
    pub async fn hand_over(
        &self,
        caller: &Caller,
        from: Uuid,
        to: Uuid,
        disable: bool,
        listed: Value,
    ) -> Result<(Moved, Account), IdentityError> {
        if from == to {
            return Err(invalid("to", "不能移交给自己"));
        }
        if disable && from == caller.account_id {
            return Err(IdentityError::Conflict("不能停用自己的账号"));
        }
        let (giver, taker) = (self.account(from).await?, self.account(to).await?);
        if !taker.is_enabled() {
            return Err(invalid("to", format!("“{}”已停用，请换一个接手人", taker.name)));
        }
        if let Some(right) = lacking(&taker, &giver) {
            let words = format!("“{}”没有“{}”的权限，接不了这些工作；请先给账号加上相应的角色", taker.name, right.title());
            return Err(invalid("to", words));
        }
        let now = self.now();
        let scope = taker.scope.and(&giver.scope);
        let after = Account { scope, changed_at: now, ..taker.clone() };
        let detail = json!({ "name": giver.name, "to": taker.name, "disabled": disable, "listed": listed });
        let mut entries = vec![self.entry(caller, "account.hand_over", ("account", &from.to_string()), detail)];
        let taken = json!({
            "name": taker.name, "from": giver.name,
            "before": { "communities": taker.scope.communities, "grids": taker.scope.grids },
            "after": { "communities": after.scope.communities, "grids": after.scope.grids },
        });
        entries.push(self.entry(caller, "account.take_over", ("account", &to.to_string()), taken));
        if disable && giver.is_enabled() {
            entries.push(self.entry(caller, "account.disable", ("account", &from.to_string()), json!({ "name": giver.name })));
        }
        let wish = HandOver { from: giver, to: after.clone(), disable, at: now };
        let moved = self.store.hand_over(&wish, &entries).await?.ok_or(IdentityError::LastAdministrator)?;
        Ok((moved, after))
    }
}

/// The posts that an account holds as A.
fn a_posts(holders: &[Holder], account: Uuid) -> BTreeSet<String> {
    let own = holders.iter().filter(|h| h.account_id == account && h.duty == Duty::A);
    own.map(|h| h.post.clone()).collect()
}
