//! Who is to act (dispatch.csv), with the reason in words and the 四清单 guard.

use serde::Deserialize;

use super::{
    gazetteer::Gazetteer,
    reading::plain,
    table::{self, DataError},
    taxonomy::Leaf,
    ticket::{Place, Route, Urgency},
};

/// Name of the file.
pub const FILE: &str = "dispatch.csv";
/// The post that hands an event to the right one, when no rule says better.
pub const DISPATCHER: &str = "流转调度岗";

#[derive(Debug, Clone, Deserialize)]
struct Row {
    id: String,
    priority: i32,
    #[serde(default)]
    category_prefix: String,
    #[serde(default)]
    urgency: String,
    #[serde(default)]
    grid_kind: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    section: String,
    #[serde(default)]
    post: String,
    #[serde(default)]
    first_receiver: String,
    #[serde(default)]
    co_units: String,
    reason: String,
}

#[derive(Debug, Clone)]
struct Rule {
    id: String,
    priority: i32,
    prefixes: Vec<String>,
    urgency: Option<Urgency>,
    grid_kind: String,
    words: Vec<String>,
    section: String,
    post: String,
    first_receiver: String,
    co_units: Vec<String>,
    reason: String,
}

/// A route with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The route.
    pub route: Route,
    /// Id of the rule that fitted.
    pub rule: Option<String>,
    /// True when the 四清单 guard kept it from a community.
    pub guarded: bool,
}

/// The street's rules, by priority (small first).
#[derive(Debug, Clone)]
pub struct Dispatch {
    street: String,
    rules: Vec<Rule>,
}

impl Dispatch {
    /// Reads the table. `street` is the street's name, which stands for 「街道」 as a receiver.
    ///
    /// # Errors
    /// An unknown urgency, a rule without reason, a table whose last rule does not catch everything.
    pub fn from_csv(text: &str, street: &str) -> Result<Self, DataError> {
        let mut rules = Vec::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let urgency = match row.urgency.as_str() {
                "" => None,
                "一般" => Some(Urgency::一般),
                "紧急" => Some(Urgency::紧急),
                "特急" => Some(Urgency::特急),
                other => return Err(DataError::row(FILE, line, format!("紧急程度「{other}」无法识别"))),
            };
            if row.reason.is_empty() {
                return Err(DataError::row(FILE, line, format!("规则 {} 没有写明理由", row.id)));
            }
            rules.push(Rule {
                id: row.id,
                priority: row.priority,
                prefixes: table::list(&row.category_prefix),
                urgency,
                grid_kind: row.grid_kind,
                words: table::list(&row.words).iter().map(|w| plain(w)).collect(),
                section: row.section,
                post: row.post,
                first_receiver: row.first_receiver,
                co_units: table::list(&row.co_units),
                reason: row.reason,
            });
        }
        rules.sort_by_key(|r| r.priority);
        let catches_all = rules
            .last()
            .is_some_and(|r| r.prefixes.is_empty() && r.urgency.is_none() && r.grid_kind.is_empty() && r.words.is_empty());
        if !catches_all {
            return Err(DataError::file(FILE, "最后一条规则应不带条件，交流转调度岗"));
        }
        Ok(Self { street: street.to_owned(), rules })
    }

    /// The codes and beginnings of codes that the rules name, for checking them against the taxonomy.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().flat_map(|r| r.prefixes.iter().map(String::as_str))
    }

    /// The route of a matter.
    ///
    /// Section and post are the rule's, where it names them, else the category's. What is no community's duty
    /// (四清单) never gets a post of a community or a grid as handler or first receiver.
    #[must_use]
    pub fn route(&self, leaf: &Leaf, place: &Place, urgency: Urgency, text: &str, gazetteer: &Gazetteer) -> Route {
        self.decide(leaf, place, urgency, text, gazetteer).route
    }

    /// As [`Self::route`], with the rule and whether the guard stepped in.
    #[must_use]
    pub fn decide(&self, leaf: &Leaf, place: &Place, urgency: Urgency, text: &str, gazetteer: &Gazetteer) -> Decision {
        let grid = place.grid_code.as_deref().and_then(|code| gazetteer.grid(code));
        let folded = plain(text);
        let rule = self.rules.iter().find(|r| {
            (r.prefixes.is_empty() || r.prefixes.iter().any(|p| leaf.code.starts_with(p.as_str())))
                && r.urgency.is_none_or(|u| u == urgency)
                && (r.grid_kind.is_empty() || grid.is_some_and(|g| g.kind == r.grid_kind))
                && (r.words.is_empty() || r.words.iter().any(|w| folded.contains(w.as_str())))
        });
        // A rule that only sends to the dispatcher yields to a category that knows its post.
        let catch_all = rule.is_none_or(|r| r.post == DISPATCHER || r.post.is_empty());
        let or_leaf = |own: Option<&str>, leaf_value: &str, fallback: &str| -> String {
            let own = own.unwrap_or_default();
            // The rule that catches everything yields to what the category knows.
            let first = if catch_all { leaf_value } else { own };
            let second = if catch_all { own } else { leaf_value };
            [first, second, fallback].into_iter().find(|s| !s.is_empty()).unwrap_or_default().to_owned()
        };
        let section = or_leaf(rule.map(|r| r.section.as_str()), &leaf.section, "平安法治");
        let mut post = or_leaf(rule.map(|r| r.post.as_str()), &leaf.post, DISPATCHER);
        let receiver = or_leaf(rule.map(|r| r.first_receiver.as_str()), &leaf.first_receiver, "街道");
        let mut co_units = rule.map(|r| r.co_units.clone()).unwrap_or_default();
        let mut reason = rule.map_or_else(|| "没有更具体的规则".to_owned(), |r| r.reason.clone());
        if catch_all && !leaf.post.is_empty() {
            reason = format!("「{}」由{}的{}负责", leaf.name, section, leaf.post);
        }

        let centre = format!("{}基层治理指挥中心 {DISPATCHER}", self.street);
        let mut first_receiver = match receiver.as_str() {
            "社区" => grid.map_or_else(|| centre.clone(), |g| g.handler_post.clone()),
            "网格" => grid.map_or_else(|| centre.clone(), |g| g.handler_post.clone()),
            "街道" => centre.clone(),
            other => other.to_owned(),
        };
        let mut guarded = false;
        if !leaf.community_duty {
            if is_community(&post) {
                post = if is_community(&leaf.post) || leaf.post.is_empty() { DISPATCHER.to_owned() } else { leaf.post.clone() };
                guarded = true;
            }
            if is_community(&first_receiver) {
                first_receiver.clone_from(&centre);
                guarded = true;
            }
            if guarded {
                reason.push_str("；此事不在社区职责清单内，不交社区办理");
            }
        }
        // The grid's own post learns of it, and stays out of the handling when it is no community's duty.
        if let Some(g) = grid
            && leaf.community_duty
            && first_receiver != g.handler_post
            && !co_units.contains(&g.handler_post)
        {
            co_units.push(g.handler_post.clone());
        }
        if grid.is_none() {
            reason.push_str("；地点没有对上网格，由指挥中心核对");
        }
        if urgency > Urgency::一般 {
            reason.push_str("；紧急事项由指挥中心跟踪");
        }
        let route = Route { section, post, first_receiver, co_units, reason };
        Decision { route, rule: rule.map(|r| r.id.clone()), guarded }
    }

    /// The posts that the table names, with their sections, each once, in its order.
    pub fn posts(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut seen = std::collections::HashSet::new();
        let named = self.rules.iter().map(|r| (r.section.as_str(), r.post.as_str()));
        named.filter(move |(section, post)| !post.is_empty() && seen.insert((*section, *post)))
    }
}

/// True for a post of a community or a grid.
#[must_use]
pub fn is_community(post: &str) -> bool {
    post.contains("社区") || post.contains("网格")
}
