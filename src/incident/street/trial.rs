//! Where would these tickets go? Real tickets routed by proposed rules, against how they were routed. Nothing is moved.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::super::dispatch::Decision;
use super::super::rules::IncidentRules;
use super::super::ticket::{Route, Ticket};
use super::store::Routed;

/// How many tickets a trial takes when nothing is said.
pub const USUAL: u32 = 200;
/// How many at most.
pub const MOST: u32 = 2_000;

/// One ticket that would go elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MovedTicket)]
pub struct Moved {
    /// Its number.
    pub number: String,
    /// Its title, made of place and category.
    pub title: String,
    /// Code of its category.
    pub category: String,
    /// Code of its grid.
    pub grid: Option<String>,
    /// As it was routed.
    pub from: Route,
    /// As it would be.
    pub to: Route,
    /// Which of `section`, `post`, `first_receiver`, `co_units` are others.
    pub changed: Vec<&'static str>,
    /// Id of the rule that would decide.
    pub rule: Option<String>,
    /// The rules in use would already send it there.
    pub already: bool,
    /// The 四清单 guard would keep it from a community.
    pub guarded: bool,
}

/// How many of the tickets a post has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PostCount {
    /// Section.
    pub section: String,
    /// Post.
    pub post: String,
    /// As the tickets were routed.
    pub before: u32,
    /// As they would be.
    pub after: u32,
}

/// The outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DispatchTrial)]
pub struct Trial {
    /// How many tickets were tried.
    pub tickets: u32,
    /// Of them go where they went.
    pub same: u32,
    /// Of those, how many get other words as the reason.
    pub other_reason: u32,
    /// Left out: a reviewer gave them their post, and rules have no say.
    pub designated: u32,
    /// Numbers that were asked for and do not exist.
    pub unknown: Vec<String>,
    /// Tickets whose category the rules do not know; tried as 其他.
    pub without_category: Vec<String>,
    /// Those that would go elsewhere, newest first.
    pub moved: Vec<Moved>,
    /// Every post that has or would have one of them, the largest change first.
    pub posts: Vec<PostCount>,
    /// Numbers of tickets that the 四清单 guard would keep from a community.
    pub guarded: Vec<String>,
}

/// Routes `tickets` by `next`; `now` are the rules in use.
#[must_use]
pub fn run(now: &IncidentRules, next: &IncidentRules, tickets: &[Routed]) -> Trial {
    let mut trial = Trial::default();
    let mut posts: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    for Routed { ticket, designated } in tickets {
        if *designated {
            trial.designated += 1;
            continue;
        }
        let Some((decision, known)) = decide(next, ticket) else { continue };
        trial.tickets += 1;
        if !known {
            trial.without_category.push(ticket.number.clone());
        }
        if decision.guarded {
            trial.guarded.push(ticket.number.clone());
        }
        let Decision { route: to, rule, guarded } = decision;
        let post = |route: &Route| (route.section.clone(), route.post.clone());
        posts.entry(post(&ticket.route)).or_default().0 += 1;
        posts.entry(post(&to)).or_default().1 += 1;
        let changed = differences(&ticket.route, &to);
        if changed.is_empty() {
            trial.same += 1;
            trial.other_reason += u32::from(ticket.route.reason != to.reason);
            continue;
        }
        let already = decide(now, ticket).is_some_and(|(d, _)| differences(&d.route, &to).is_empty());
        trial.moved.push(Moved {
            number: ticket.number.clone(),
            title: ticket.title.clone(),
            category: ticket.category.code.clone(),
            grid: ticket.place.grid_code.clone(),
            from: ticket.route.clone(),
            to,
            changed,
            rule,
            already,
            guarded,
        });
    }
    let count = |((section, post), (before, after))| PostCount { section, post, before, after };
    trial.posts = posts.into_iter().map(count).collect();
    trial.posts.sort_by_key(|p| std::cmp::Reverse(p.before.abs_diff(p.after)));
    trial
}

/// The route that `rules` give, as when the ticket was made, and whether they know its category.
fn decide(rules: &IncidentRules, ticket: &Ticket) -> Option<(Decision, bool)> {
    let known = rules.taxonomy.get(&ticket.category.code);
    let leaf = known.or_else(|| rules.other())?;
    let told = told(&ticket.description, &ticket.original_words.replace('\n', "。"), &ticket.place.text);
    let decision = rules.dispatch.decide(leaf, &ticket.place, ticket.urgency, &told, rules.places.gazetteer());
    Some((decision, known.is_some()))
}

/// The words in which a rule looks for its own.
#[must_use]
pub fn told(description: &str, original_words: &str, place: &str) -> String {
    format!("{description}。{original_words}。{place}")
}

fn differences(a: &Route, b: &Route) -> Vec<&'static str> {
    let Route { section, post, first_receiver, co_units, reason: _ } = a;
    let mut out = Vec::new();
    for (name, differs) in [
        ("section", *section != b.section),
        ("post", *post != b.post),
        ("first_receiver", *first_receiver != b.first_receiver),
        ("co_units", *co_units != b.co_units),
    ] {
        if differs {
            out.push(name);
        }
    }
    out
}
