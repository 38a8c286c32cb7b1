//! What is told of a matter that is already written down: which floor, which door, and whatever else nobody asked for.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    draft::{By, Draft, field},
    reading::plain,
    rules::IncidentRules,
};
use crate::core::text::pattern;

static INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:我们?|我家|家)?(?:就)?(?:住|在|是)*",
        r"(?:第?([0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:楼|层)|([0-9]{3,4}|[0-9]{1,2}-[0-9]{1,2})(?:室|号|房|号房|户)?)",
        r"(?:的|楼上|楼下)?[嘛啊哦呢。,，!！]*$",
    ))
});
/// Asks whether anybody gets to know who reports.
static WHO_KNOWS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:能不能|可不可以|可以|能|会不会|会|要不要|是不是)[^,，。]{0,6}(?:匿名|保密|泄露|透露|暴露|说出去|告诉(?:他|她|别|对方|邻居|物业|人家)|(?:知道|晓得|发现)(?:就)?(?:是我|我是|我报|我举|我投))",
        r"[^,，。]{0,6}(?:[吗不嘛么啊哦?？]|$)",
    ))
});
/// No wish to give a number.
static NO_PHONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:我|就|也|都|那)*(?:可以|能不能|可不可以)?(?:不想|不愿意?|不方便|不敢|不知道|不晓得|不记得|记不得|记不到|不|没有|没得|没)(?:给|留|说|填|写|要)*(?:你们?)?(?:我的)?(?:个人)?(?:电话|手机|号码|联系方式|信息)+(?:号码?)?[了啊嘛哦吗不呢的,，。!！?？]*$",
    )
});

/// Whether the message only says that no telephone number is given.
#[must_use]
pub fn gives_no_phone(text: &str) -> bool {
    NO_PHONE.is_match(&plain(text))
}

/// Whether the message asks if the report can be made without a name.
#[must_use]
pub fn asks_who_knows(text: &str) -> bool {
    let folded = plain(text);
    folded.chars().count() <= 24 && WHO_KNOWS.is_match(&folded)
}

impl Draft {
    /// 「12楼」「302」 behind a known building: the floor belongs to the place, the door to its own field. True when taken.
    pub(super) fn take_inside(&mut self, text: &str) -> bool {
        let asked_elsewhere = self.asked.as_deref().is_some_and(|name| name != field::PLACE);
        if asked_elsewhere || self.place.building.is_none() || !self.place_candidates.is_empty() {
            return false;
        }
        let folded = plain(text);
        let Some(said) = INSIDE.captures(&folded) else { return false };
        if let Some(floor) = said.get(1) {
            let floor = format!("{}楼", floor.as_str());
            if !self.place.text.contains(&floor) {
                self.place.text.push_str(&floor);
            }
        }
        if let Some(room) = said.get(2) {
            self.place.room = Some(room.as_str().to_owned());
        }
        self.provenance.insert(field::PLACE.to_owned(), By::Resident);
        true
    }

    /// Adds words that answer nothing and ask nothing to what is described.
    pub fn add(&mut self, text: &str, rules: &IncidentRules) {
        let words = text.trim().trim_end_matches(|c: char| !c.is_alphanumeric());
        self.description = Some(match self.description.take() {
            Some(have) if plain(&have).contains(&plain(words)) => have,
            Some(have) => format!("{have}；{words}"),
            None => words.to_owned(),
        });
        self.provenance.entry(field::DESCRIPTION.to_owned()).or_insert(By::Rule);
        self.remember(text);
        // What is clear already is not made another matter by the way.
        if !self.category_sure {
            self.classify(rules);
        }
        self.reconsider(rules);
    }
}
