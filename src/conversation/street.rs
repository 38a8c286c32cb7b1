//! The street itself: `knowledge/street/street.toml`.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A number that can be tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hotline {
    /// What it is for.
    pub label: String,
    /// Digits.
    pub tel: String,
}

/// How to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Human {
    /// Words of the button.
    pub label: String,
    /// Digits.
    pub tel: String,
    /// Where and when else.
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StreetFile {
    name: String,
    district: String,
    city: String,
    timezone: String,
    areas: Vec<String>,
    greeting: String,
    suggestions: Vec<String>,
    #[expect(dead_code, reason = "read by incident::calendar from the same file")]
    working_hours: Vec<[String; 2]>,
    hotlines: Vec<Hotline>,
    human: Human,
    ai_notice: String,
    ai_label: String,
    privacy: String,
}

/// What the service says about the street that it serves.
#[derive(Debug, Clone)]
pub struct Street {
    /// 春晖路街道.
    pub name: String,
    /// 大渡口区.
    pub district: String,
    /// 重庆市.
    pub city: String,
    /// Days are counted here.
    pub zone: TimeZone,
    /// Only knowledge of these areas is used.
    pub areas: Vec<String>,
    /// First words.
    pub greeting: String,
    /// What one might ask.
    pub suggestions: Vec<String>,
    /// Numbers that can be tapped.
    pub hotlines: Vec<Hotline>,
    /// How to reach a person.
    pub human: Human,
    /// Shown all the time near the input.
    pub ai_notice: String,
    /// On each generated answer.
    pub ai_label: String,
    /// Before anything personal is collected.
    pub privacy: String,
}

/// `street.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("street.toml: {0}")]
pub struct StreetError(String);

impl Street {
    /// Reads the text of `street.toml`.
    pub fn parse(text: &str) -> Result<Self, StreetError> {
        let file: StreetFile = toml::from_str(text).map_err(|e| StreetError(e.to_string()))?;
        let zone = TimeZone::get(&file.timezone).map_err(|e| StreetError(e.to_string()))?;
        if file.areas.is_empty() {
            return Err(StreetError("areas must not be empty".to_owned()));
        }
        Ok(Self {
            name: file.name,
            district: file.district,
            city: file.city,
            zone,
            areas: file.areas,
            greeting: file.greeting,
            suggestions: file.suggestions,
            hotlines: file.hotlines,
            human: file.human,
            ai_notice: file.ai_notice,
            ai_label: file.ai_label,
            privacy: file.privacy,
        })
    }
}
