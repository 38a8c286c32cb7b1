//! Dividing rows: each falls into exactly one part, so the parts of every figure add up to it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::figures::{Of, Row};
use super::span::day_of;

/// By what rows are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The street's day.
    Day,
    /// Channel.
    Channel,
    /// Residents or gridworkers.
    Audience,
    /// Which way a turn went.
    Route,
    /// The document that was cited first.
    Topic,
    /// State of a ticket.
    State,
    /// 投诉, 求助, …
    Kind,
    /// Urgency.
    Urgency,
    /// First level of the category.
    Class,
    /// The category.
    Category,
    /// Section (板块).
    Section,
    /// Community.
    Community,
    /// Grid.
    Grid,
    /// Category and estate, else grid: where the same thing happens again.
    Spot,
    /// Stars of the rating.
    Stars,
    /// Platform.
    Destination,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Day,
        Self::Channel,
        Self::Audience,
        Self::Route,
        Self::Topic,
        Self::State,
        Self::Kind,
        Self::Urgency,
        Self::Class,
        Self::Category,
        Self::Section,
        Self::Community,
        Self::Grid,
        Self::Spot,
        Self::Stars,
        Self::Destination,
    ];

    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Channel => "channel",
            Self::Audience => "audience",
            Self::Route => "route",
            Self::Topic => "topic",
            Self::State => "state",
            Self::Kind => "kind",
            Self::Urgency => "urgency",
            Self::Class => "class",
            Self::Category => "category",
            Self::Section => "section",
            Self::Community => "community",
            Self::Grid => "grid",
            Self::Spot => "spot",
            Self::Stars => "stars",
            Self::Destination => "destination",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Day => "日期",
            Self::Channel => "渠道",
            Self::Audience => "使用者",
            Self::Route => "办理方式",
            Self::Topic => "主题（首先引用的资料）",
            Self::State => "状态",
            Self::Kind => "诉求类型",
            Self::Urgency => "紧急程度",
            Self::Class => "大类",
            Self::Category => "类别",
            Self::Section => "板块",
            Self::Community => "社区",
            Self::Grid => "网格",
            Self::Spot => "地点和类别",
            Self::Stars => "评价",
            Self::Destination => "平台",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|b| b.word() == word)
    }

    /// Whether rows of a kind can be divided by it.
    #[must_use]
    pub const fn divides(self, of: Of) -> bool {
        match self {
            Self::Day | Self::Channel => true,
            Self::Audience => !matches!(of, Of::Deliveries),
            Self::Route | Self::Topic => matches!(of, Of::Turns),
            Self::Destination => matches!(of, Of::Deliveries),
            Self::Community | Self::Grid => matches!(of, Of::Tickets | Of::Deliveries),
            Self::State
            | Self::Kind
            | Self::Urgency
            | Self::Class
            | Self::Category
            | Self::Section
            | Self::Spot
            | Self::Stars => {
                matches!(of, Of::Tickets)
            }
        }
    }
}

/// The key and the title of a part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// For programs; empty = not known.
    pub key: String,
    /// For people.
    pub title: String,
}

impl Part {
    fn new(key: impl Into<String>, title: impl Into<String>) -> Self {
        Self { key: key.into(), title: title.into() }
    }

    fn same(word: &str, otherwise: &str) -> Self {
        Self::new(word, if word.is_empty() { otherwise } else { word })
    }
}

/// The part that a row falls into.
#[must_use]
pub fn part_of(row: &Row<'_>, by: By, zone: &TimeZone) -> Part {
    match by {
        By::Day => {
            let at = match row {
                Row::Conversation(c) => c.at,
                Row::Turn(t) => t.at,
                Row::Ticket(t) => t.at,
                Row::Delivery(d) => d.at,
            };
            let day = day_of(at, zone).to_string();
            Part::new(day.clone(), day)
        }
        By::Channel => Part::same(
            match row {
                Row::Conversation(c) => &c.channel,
                Row::Turn(t) => &t.channel,
                Row::Ticket(t) => &t.channel,
                Row::Delivery(d) => &d.channel,
            },
            "未知渠道",
        ),
        By::Audience => {
            let word = match row {
                Row::Conversation(c) => Some(c.audience.as_str()),
                Row::Turn(t) => Some(t.audience.as_str()),
                Row::Ticket(t) => t.audience.as_deref(),
                Row::Delivery(_) => None,
            };
            match word {
                Some("resident") => Part::new("resident", "居民"),
                Some("gridworker") => Part::new("gridworker", "网格员"),
                Some(other) => Part::same(other, "未知"),
                None => Part::new("", "未知"),
            }
        }
        _ => match row {
            Row::Conversation(_) => Part::new("", "全部"),
            Row::Turn(t) => match by {
                By::Route => Part::new(t.route.clone(), route_title(&t.route)),
                By::Topic => match t.documents.first() {
                    Some((id, title)) => Part::new(id.clone(), title.clone()),
                    None => Part::new("", "没有引用资料"),
                },
                _ => Part::new("", "全部"),
            },
            Row::Ticket(t) => ticket_part(t, by),
            Row::Delivery(d) => match by {
                By::Destination => Part::same(&d.destination, "未知平台"),
                By::Community => Part::same(&d.community, "未定社区"),
                By::Grid => Part::same(&d.grid_code, "未定网格"),
                _ => Part::new("", "全部"),
            },
        },
    }
}

fn ticket_part(t: &super::facts::TicketFact, by: By) -> Part {
    let leaf = t.path.last().map_or(t.category.as_str(), String::as_str);
    match by {
        By::State => Part::new(t.status.word(), t.status.word()),
        By::Kind => Part::same(&t.kind, "未定"),
        By::Urgency => Part::same(&t.urgency, "未定"),
        By::Class => Part::same(t.path.first().map_or("", String::as_str), "未定大类"),
        By::Category => Part::new(t.category.clone(), leaf),
        By::Section => Part::same(&t.section, "未定板块"),
        By::Community => Part::same(&t.community, "未定社区"),
        By::Grid => {
            let title = if t.grid_code.is_empty() { "未定网格".to_owned() } else { format!("{}{}", t.community, t.grid) };
            Part::new(t.grid_code.clone(), title)
        }
        // Where a confidential matter is would say who told it.
        By::Spot if t.confidential => Part::new("", "保密事项（不列地点）"),
        By::Spot => {
            let (key, place) = match (t.estate.as_str(), t.grid_code.as_str()) {
                ("", "") => return Part::new("", "未定地点"),
                ("", code) => (code.to_owned(), format!("{}{}", t.community, t.grid)),
                (estate, _) => (estate.to_owned(), estate.to_owned()),
            };
            Part::new(format!("{key}|{}", t.category), format!("{place} · {leaf}"))
        }
        By::Stars => match t.rating {
            Some((_, stars)) => Part::new(stars.to_string(), format!("{stars}星")),
            None => Part::new("", "没有评价"),
        },
        By::Day | By::Channel | By::Audience | By::Route | By::Topic | By::Destination => Part::new("", "全部"),
    }
}

/// The way of a turn, for people.
#[must_use]
pub fn route_title(route: &str) -> &str {
    match route {
        "ask" => "提问",
        "report" => "反映事情",
        "progress" => "查进度",
        "channel" => "法定途径和其他单位",
        "emergency" => "紧急情况",
        "smalltalk" => "问候",
        "human" => "转人工",
        "decline" => "婉拒",
        other => other,
    }
}

/// Divides rows; parts are in the order of their keys.
#[must_use]
pub fn divided<'a>(rows: &[Row<'a>], by: By, zone: &TimeZone) -> BTreeMap<String, (Part, Vec<Row<'a>>)> {
    let mut parts: BTreeMap<String, (Part, Vec<Row<'a>>)> = BTreeMap::new();
    for row in rows {
        let part = part_of(row, by, zone);
        parts.entry(part.key.clone()).or_insert_with(|| (part, Vec::new())).1.push(*row);
    }
    parts
}
