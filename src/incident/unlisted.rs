//! A place that the street's directory does not have: a new estate, a name that only its people use. It is not guessed
//! and not turned away: the resident says which community it is in, and the centre finds the grid.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    draft::{Draft, field},
    reading::plain,
    rules::IncidentRules,
    settle::SPOTS,
    ticket::Place,
    when,
};

/// More communities than this are no choice for a thumb; the resident's own words still are.
const MOST_COMMUNITIES: usize = 12;
/// The last choice: the centre looks the place up by its words alone.
const DO_NOT_KNOW: &str = "说不清";
/// The last but one: another street's.
const NOT_HERE: &str = "不在本街道";
/// Signs of numbers; what else stands in a place's words, but for [`SPOTS`] and [`COMMON`], is a name.
const NUMBERS: &str = "0123456789一二三四五六七八九十百第个栋幢号楼单元室层期区的在里那这";
/// What every estate has or is.
const COMMON: [&str; 14] =
    ["小区", "单元", "院子", "院坝", "楼栋", "楼梯", "家里", "屋头", "过道", "路边", "马路", "街上", "巷子", "底楼"];
/// How names of estates end.
const ENDINGS: &str = "苑园城府湾郡道里庭院居轩阁期寓厦场馆村坊街岛岸台庄座峰谷邸墅";
/// How names of other places end.
const PLACES: &str = "路巷弄栋幢楼号桥站口店校厂门学亭市";
/// What no name has in it.
const NEVER: &str = "我你您他她它们这那哪有没在的了是说请要到去来给把被和跟与不就还也昨今从住叫投诉报隔壁";

/// What stands in a statement and in no name of a place.
const TELLS: &str = "没不了被把很太都还又咬吵";
/// Up to this many characters anything may be a name that only its people use.
const SHORT_NAME: usize = 8;

/// What the choice says about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// In this community.
    Community(String),
    /// On this street's ground, as far as the resident knows.
    Unknown,
    /// Not on this street's ground.
    Elsewhere,
}

impl Draft {
    /// The words name a place, and the directory has none of that name.
    pub(super) fn has_unlisted_place(&self) -> bool {
        self.place.grid_code.is_none()
            && self.place_candidates.is_empty()
            && !self.place_vouched
            && (names_a_place(&self.place.text) || self.place.text.chars().count() <= SHORT_NAME && has_name(&self.place.text))
    }

    /// The question about such a place, with what can be tapped.
    pub(super) fn unlisted_question(&self, rules: &IncidentRules) -> (String, Vec<String>) {
        if self.place.community.as_ref() == Some(&self.place.text) {
            let text = format!("在{}的哪里？请说小区或者附近的路名；说不清的话，街道来核对。", self.place.text);
            return (text, vec![DO_NOT_KNOW.to_owned()]);
        }
        let text = format!(
            "“{}”我没找到，您可以再说附近的路名、公交站、学校。名字没错的话，请选它在哪个社区，街道来核对。",
            self.place.text
        );
        (text, labels(rules))
    }

    /// An answer that is one of those choices.
    pub(super) fn whereabouts(&self, text: &str, rules: &IncidentRules) -> Option<Whereabouts> {
        if self.asked.as_deref() != Some(field::PLACE) || !self.has_unlisted_place() {
            return None;
        }
        let folded = plain(text);
        let answer = folded.trim_matches(|c: char| !c.is_alphanumeric());
        let short = || answer.chars().count() <= 8;
        let away = ["不在你们", "不在这个街道", NOT_HERE, "别的街道", "其他街道"];
        if short() && away.iter().any(|w| answer.contains(w)) || answer == format!("不在{}", plain(&rules.street)) {
            return Some(Whereabouts::Elsewhere);
        }
        if short() && ["说不清", "不晓得", "不知道", "不清楚"].iter().any(|w| answer.contains(w)) {
            return Some(Whereabouts::Unknown);
        }
        let named = |name: &&String| answer == plain(name) || name.strip_suffix("社区").is_some_and(|n| plain(n) == answer);
        rules.places.gazetteer().communities().iter().find(named).map(|name| Whereabouts::Community(name.clone()))
    }

    /// The place was asked for again because the estate's list has no such building.
    #[must_use]
    pub fn doubts_building(&self) -> bool {
        self.asked.as_deref() == Some(field::PLACE)
            && self.place.estate.is_some()
            && self.place.building.is_some()
            && self.place_remark.as_deref().is_some_and(|r| r.contains("的楼栋里没有"))
            && self.only_choice().is_none()
    }

    /// The resident says again, or says yes to, the building that the estate's list does not have: new ones are built, lists are
    /// old. True when the place now stands as it was told.
    pub(super) fn insists_on_building(&mut self, text: &str, rules: &IncidentRules, now: Timestamp) -> bool {
        if !self.doubts_building() {
            return false;
        }
        let folded = plain(text);
        let answer = folded.trim_matches(|c: char| !c.is_alphanumeric()).trim_end_matches(['嘛', '啊', '的', '了']);
        let yes = ["对", "是", "就是", "没错", "没说错", "没记错", "有", "确实有", "真的有"].contains(&answer);
        let again = rules.places_at(now).find_with(text, Some(&self.place)).place;
        let same = again.building == self.place.building && (again.estate.is_none() || again.estate == self.place.estate);
        let corrects = ["不是", "错了", "改成", "改为", "应该"].iter().any(|w| folded.contains(w));
        if !(yes || same && !corrects && folded.chars().count() <= 16) {
            return false;
        }
        let communities: BTreeSet<&str> = self.place_candidates.iter().map(|c| c.community.as_str()).collect();
        self.place.community = communities.iter().next().filter(|_| communities.len() == 1).map(|c| (*c).to_owned());
        self.place_candidates.clear();
        self.place_remark = None;
        self.place_vouched = true;
        true
    }

    /// Takes the place as it was told; it now stands, which is what true says.
    pub(super) fn vouch(&mut self, whereabouts: &Whereabouts) -> bool {
        if let Whereabouts::Community(name) = whereabouts {
            self.place.community = Some(name.clone());
            self.place.matched_by.push(format!("报事人选的{name}"));
        }
        self.place_vouched = true;
        true
    }
}

/// The words are a name, and one of a place: 「凤鸣小学」, not 「油烟」.
pub(super) fn names_a_place(words: &str) -> bool {
    let folded = plain(words);
    let ends_so = || folded.chars().any(|c| ENDINGS.contains(c) || PLACES.contains(c));
    has_name(&folded) && (folded.contains("小区") || ends_so())
}

/// An answer to 「在哪里？」 of which the directory knows nothing is still one, not more about the matter or about the time.
/// `told_before`: there are words for the place already. `is_matter`: a category knows the words.
pub(super) fn says_where(folded: &str, told_before: bool, is_matter: bool) -> bool {
    if when::says_only_when(folded) {
        return false;
    }
    let tells = folded.chars().any(|c| TELLS.contains(c))
        || ["差点", "好几", "涨到", "我要", "我想", "举报", "投诉", "反映", "有人", "有个", "有辆", "有一"]
            .iter()
            .any(|w| folded.contains(w));
    let placed = names_a_place(folded) || SPOTS.iter().chain(&COMMON).any(|w| folded.contains(w));
    !tells && (placed || !told_before && !is_matter && folded.chars().count() <= SHORT_NAME)
}

/// The words for a place after another answer that the directory does not know either.
pub(super) fn joined(have: &str, said: &str) -> String {
    const WAYS: [char; 5] = ['路', '街', '巷', '道', '段'];
    // 「那个广场」, and then 「锦凤广场」.
    let spot = have.trim_start_matches(['那', '这', '个', '里', '边', '的']);
    if said.contains(spot) {
        return said.to_owned();
    }
    match (has_name(have), has_name(said)) {
        // A road, and what stands at it; an estate, and where in it: 「那个喷泉旁边」.
        (true, true) if have.ends_with(WAYS) && !said.ends_with(WAYS) || ends_with_spot(said) => format!("{have}{said}"),
        // The first name led nowhere: the second one is said instead.
        (true, true) => said.to_owned(),
        (true, false) if !said.contains(|c: char| c.is_ascii_digit()) => format!("{have}{said}"),
        _ => format!("{said}{have}"),
    }
}

/// The words hold more than numbers and what every estate has.
fn has_name(words: &str) -> bool {
    let bare = SPOTS.iter().chain(&COMMON).fold(plain(words), |text, common| text.replace(common, ""));
    bare.chars().filter(|c| c.is_alphanumeric() && !NUMBERS.contains(*c)).count() >= 2
}

fn ends_with_spot(words: &str) -> bool {
    words.ends_with('边') || SPOTS.iter().any(|spot| words.ends_with(spot))
}

/// Where a name that the directory does not have begins, right before the number at `start`: 「金科天元道」3栋; else `start`.
pub(super) fn name_before(chars: &[char], start: usize) -> usize {
    let named = |c: &char| c.is_alphabetic() && !c.is_ascii() && !NEVER.contains(*c);
    let length = chars[..start].iter().rev().take_while(|c| named(c)).count();
    let name: String = chars[start - length..start].iter().collect();
    let is_name =
        (3..=8).contains(&length) && name.ends_with(|c: char| ENDINGS.contains(c)) || length >= 4 && name.ends_with("小区");
    if is_name && has_name(&name) { start - length } else { start }
}

/// Who is competent for a place that is not on the street's ground.
pub(super) fn elsewhere() -> String {
    "拨打12345，由市热线转属地".to_owned()
}

fn labels(rules: &IncidentRules) -> Vec<String> {
    let communities = rules.places.gazetteer().communities();
    let shown = if communities.len() > MOST_COMMUNITIES { &[] } else { communities };
    shown.iter().cloned().chain([NOT_HERE, DO_NOT_KNOW].map(str::to_owned)).collect()
}

/// The words of an answer to 「在哪里？」 as a place: without what only leads to it, and without the door.
pub(super) fn told_as_answer(folded: &str, place: &Place) -> String {
    const LEADS: [&str; 12] =
        ["我们家住", "我们家在", "我家住", "我家在", "我们在", "我住在", "我住", "我在", "就是", "就在", "位于", "在"];
    let trimmed = folded.trim_end_matches(|c: char| "嘛啊哦呀呢哈的。,，!！".contains(c));
    let rest = LEADS.iter().find_map(|lead| trimmed.strip_prefix(lead)).filter(|rest| rest.chars().count() >= 2);
    super::patch::without_room(rest.unwrap_or(trimmed), place.room.as_deref())
}
