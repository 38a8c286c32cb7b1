//! `/api/v1/admin/posts`: who holds which post as A and as B.

pub mod assign;
pub mod list;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::directory;
use crate::http::auth::refusal;
use crate::http::problem::Problem;
use crate::http::state::Api;
use crate::identity::Account;
use crate::identity::duties::{Duty, Holder, Leave};

/// Who holds a post.
#[derive(Debug, Serialize, ToSchema)]
pub struct HolderView {
    /// The account.
    pub account_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its post or note.
    pub title: String,
    /// False: the post needs somebody else.
    pub enabled: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Who acts while this one is away now.
    pub stand_in: Option<String>,
}

/// A post and who holds it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostView {
    /// Its name.
    pub post: String,
    /// Its section (板块), or the community of a grid's post; empty for a post that the street no longer has.
    pub section: String,
    /// Code of the grid, for a grid's post.
    pub grid_code: Option<String>,
    /// False: the street's files name it no longer, and somebody still holds it.
    pub known: bool,
    /// Who holds it.
    pub a: Option<HolderView>,
    /// Who stands in.
    pub b: Option<HolderView>,
}

struct Held {
    holders: Vec<Holder>,
    leaves: Vec<Leave>,
    accounts: Vec<Account>,
    now: Timestamp,
}

impl Held {
    fn view(&self, post: &str, duty: Duty) -> Option<HolderView> {
        let holder = self.holders.iter().find(|h| h.post == post && h.duty == duty)?;
        let named = |id: Uuid| self.accounts.iter().find(|a| a.id == id);
        let account = named(holder.account_id)?;
        let leave = self.leaves.iter().find(|l| l.account_id == account.id && l.is_on(self.now));
        Some(HolderView {
            account_id: account.id,
            name: account.name.clone(),
            title: account.title.clone(),
            enabled: account.is_enabled(),
            since: holder.since,
            stand_in: leave.and_then(|l| named(l.stand_in)).map(|a| a.name.clone()),
        })
    }
}

/// All posts with who holds them.
async fn posts(api: &Api) -> Result<Vec<PostView>, Problem> {
    let held = Held {
        holders: api.accounts.holders().await.map_err(|e| refusal(&e))?,
        leaves: api.accounts.leaves().await.map_err(|e| refusal(&e))?,
        accounts: api.accounts.list().await.map_err(|e| refusal(&e))?,
        now: api.clock.now(),
    };
    let view = |post: String, section: String, grid_code: Option<String>, known: bool| PostView {
        a: held.view(&post, Duty::A),
        b: held.view(&post, Duty::B),
        post,
        section,
        grid_code,
        known,
    };
    let entries = directory::posts(&api.rules.load());
    let mut posts: Vec<PostView> = entries.into_iter().map(|e| view(e.post, e.section, e.grid_code, true)).collect();
    for holder in &held.holders {
        if posts.iter().all(|p| p.post != holder.post) {
            posts.push(view(holder.post.clone(), String::new(), None, false));
        }
    }
    Ok(posts)
}
