//! The resident's own position in a draft: it offers a grid, it never decides one against words.

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use super::{
    coordinates,
    draft::{Draft, field},
    place::{Candidate, PlacesOn},
    polygons::Located,
    rules::IncidentRules,
    ticket::{Point, PointSystem},
};

/// How `matched_by` begins when the position lies elsewhere than the words.
const ELSEWHERE: &str = "定位在";
/// How `matched_by` says that both agree.
const AGREES: &str = "定位相符";
/// A position that may be wrong by more than this many metres says nothing about grids.
const TOO_VAGUE: f64 = 2000.0;

impl IncidentRules {
    /// The places as they are on the day of `now` in the street's zone.
    #[must_use]
    pub fn places_at(&self, now: Timestamp) -> PlacesOn<'_> {
        self.places.on(self.day(now))
    }

    /// The day of `now` in the street's zone.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> Date {
        now.to_zoned(self.calendar.zone().clone()).date()
    }
}

/// Reads `{lat, lng, system, accuracy_m?}`.
///
/// # Errors
/// What is wrong, in words for the resident.
pub fn read_point(value: &Value) -> Result<Point, String> {
    let degrees = |name: &str| value.get(name).and_then(Value::as_f64);
    let (Some(lat), Some(lng)) = (degrees("lat"), degrees("lng")) else {
        return Err("定位应有 lat 和 lng".to_owned());
    };
    let system = match value.get("system").and_then(Value::as_str) {
        Some("gcj02") => PointSystem::Gcj02,
        Some("wgs84") => PointSystem::Wgs84,
        _ => return Err("定位的 system 应为 gcj02 或 wgs84".to_owned()),
    };
    let accuracy_m = match value.get("accuracy_m") {
        None | Some(Value::Null) => None,
        Some(metres) => {
            let metres = metres.as_f64().filter(|m| (0.0..=100_000.0).contains(m));
            Some(metres.ok_or("定位的 accuracy_m 应为 0 到 100000 的米数")?)
        }
    };
    if !coordinates::is_on_earth(lat, lng) {
        return Err("定位的经纬度不对".to_owned());
    }
    Ok(Point { lat, lng, system, accuracy_m })
}

impl Draft {
    /// Brings the place and the position together, after either of them changed: without a grid the position's grids are
    /// choices; with one by words a difference is kept in `matched_by`.
    pub(super) fn weigh_position(&mut self, places: PlacesOn<'_>) {
        self.place.matched_by.retain(|m| !m.starts_with(ELSEWHERE) && m != AGREES);
        let Some(point) = self.place.point.filter(|p| p.accuracy_m.is_none_or(|a| a <= TOO_VAGUE)) else { return };
        let (codes, sure) = match places.locate(point) {
            Located::Sure(code) => (vec![code], true),
            Located::Choices(codes) => (codes, false),
            Located::Nowhere => return,
        };
        if let Some(grid_code) = &self.place.grid_code {
            if codes.contains(grid_code) {
                self.place.matched_by.push(AGREES.to_owned());
            } else if let Some(grid) = codes.first().and_then(|c| places.gazetteer().grid(c)) {
                self.place.matched_by.push(format!("{ELSEWHERE}{}{}，与所说地点不同", grid.community, grid.grid));
            }
            return;
        }
        let here = places.grid_candidates(&codes);
        if self.place_candidates.is_empty() || self.offered_by_position() {
            let names: Vec<&str> = here.iter().map(|c| c.name.as_str()).collect();
            self.place_remark = Some(match names.as_slice() {
                [one] => format!("您的定位在{one}{}，是在这里吗？", if sure { "" } else { "附近" }),
                _ => "您的定位在这几个网格附近".to_owned(),
            });
            self.place_candidates = here;
        } else {
            // Words offer choices already: the position only says which of them is near.
            self.place_candidates.sort_by_key(|c| !codes.contains(&c.grid_code));
        }
    }

    /// The choices on the card come from the position, not from words.
    pub(super) fn offered_by_position(&self) -> bool {
        !self.place_candidates.is_empty() && self.place_remark.as_deref().is_some_and(|r| r.starts_with("您的定位在"))
    }

    /// The place was asked for by a question that yes answers.
    #[must_use]
    pub fn awaits_yes(&self) -> bool {
        self.asked.as_deref() == Some(field::PLACE) && self.only_choice().is_some()
    }

    /// The one choice that a plain 「是的」 takes: its question can be answered by yes.
    pub(super) fn only_choice(&self) -> Option<&Candidate> {
        let asks = self.place_remark.as_deref().is_some_and(|r| r.ends_with('？'));
        match self.place_candidates.as_slice() {
            [one] if asks => Some(one),
            _ => None,
        }
    }
}
