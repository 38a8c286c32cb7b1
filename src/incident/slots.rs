//! What one message tells, read by rules; also what it corrects.

use std::sync::LazyLock;

use jiff::{Timestamp, tz::TimeZone};
use regex::Regex;

use super::{
    address,
    intent::is_question,
    place::{Certainty, PlaceMatch, PlacesOn},
    questions::{OwnQuestion, QuestionKind},
    reading::{as_said, has_any, plain, small_number},
    taxonomy::Leaf,
    ticket::{Kind, Place},
    unlisted::{says_where, told_as_answer},
    when,
};
use crate::core::text::pattern;

/// What a message says about a matter. `None` means that nothing was said about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slots {
    /// What happened, without greetings, wishes, phone and name.
    pub description: Option<String>,
    /// Where, when the message says anything about it.
    pub place: Option<PlaceMatch>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// The caller's number, digits only.
    pub phone: Option<String>,
    /// The caller's own name as given.
    pub name: Option<String>,
    /// How many households or people suffer from it.
    pub people_affected: Option<u32>,
    /// 投诉, 求助, 建议 or 举报 when said in so many words.
    pub kind: Option<Kind>,
    /// Wants to stay (or not to stay) anonymous.
    pub anonymous: Option<bool>,
    /// Answers to the category's own questions.
    pub answers: Vec<(String, String)>,
    /// The message only puts something right; it tells no new matter.
    pub correction: bool,
    /// A correction of the description: these words by those.
    pub replace: Option<(String, String)>,
}

impl Slots {
    /// True when nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { correction: self.correction, ..Self::default() }
    }
}

/// What is known when a message comes.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The instant of the message.
    pub now: Timestamp,
    /// The street's zone.
    pub zone: &'a TimeZone,
    /// The directory of the day.
    pub places: PlacesOn<'a>,
    /// The place as far as known.
    pub place: Option<&'a Place>,
    /// The category as far as known.
    pub leaf: Option<&'a Leaf>,
    /// The field that was asked for in the turn before (see [`super::draft::Field`] for the names).
    pub asked: Option<&'a str>,
    /// A draft is open: 「不是7栋是9栋」 corrects something.
    pub in_draft: bool,
    /// A category knows the words of the message.
    pub is_matter: bool,
}

static PHONE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:\+?86[- ]?)?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})|(0[0-9]{2,3})-?([0-9]{7,8})"));
static NAME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:我叫|我的名字(?:是|叫)|姓名(?:是|叫)?[:：]?|联系人(?:是)?[:：]?|我是|我姓)([\p{Han}]{1,4})"));
static PEOPLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:影响(?:了|到)?|涉及(?:到)?|共有|一共(?:有)?|总共|大概(?:有)?|大约(?:有)?|差不多(?:有)?|有|我们(?:这儿|这里|楼)?|都是)(?:将近|近|差不多|大概|起码|至少)?([0-9]{1,4}|[零一二两三四五六七八九十百]{1,5})(?:多|来)?(?:户|家人|家|个人|个居民|人|名|位)",
    )
});
static COUNT_ONLY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"([0-9]{1,4}|[零一二两三四五六七八九十百]{1,5})(?:多|来)?(?:户|家人|个人|个居民|人|名|位)"));
static NOT_BUT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[,，。!！、])?(?:哦|噢|啊|不对|错了|说错了|写错了|更正)?[,，]?(?:不是|不在)(?:在)?([^,，。?？]{1,14}?)[,，]?(?:而)?(?:是|在)(?:在)?([^,，。!！?？]{1,24})",
    )
});
static SHOULD_BE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:应该是|应该在|应为|改成|改为|改到|换成|更正为|更正[:：]?|改一下[,，]?(?:是)?|(?:说|写|打|填)错了[,，]?(?:是|应该是)?|(?:错了|不对)[,，]?(?:是|应该是)?|其实是|其实在)[:：]?(.{1,40})$",
    )
});
static FIELD_CHANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|把)(地点|位置|地址|时间|电话号码|电话|手机号码?|号码|姓名|名字|人数|类别|分类|描述|内容)(?:错了|不对|填错了|写错了|改一下|更正)?[,，:：]?(?:请)?(?:应该|要)?(?:是|为|改成|改为|换成|改到)[:：]?(.{1,60})$",
    )
});
static PREAMBLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "^(?:你好|您好|喂|hi|hello|请问|那个|对了|还有[一]?件事|还有个事|另外(?:一件事)?|再报一[个件](?:事)?|嗯|哦|网格员|同志|师傅|老师|客服|工作人员)+[,，。!！~ ]*",
    )
});
static WISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:[,，。;；]|^)(?:我)?(?:要|想|想要|来|帮我|麻烦|麻烦你们|请|请你们|请帮我|帮忙|给)?(?:你们)?(?:上报|反映|投诉|举报|报修|登记|报个|求助|提个?建议)(?:一下|一件事|一个事|个事情?|个问题|一个问题|下|一哈)?(?:[,，:：。!！]|$)",
        r"|[,，。;；](?:请|麻烦|希望|赶紧|赶快|尽快|快点?|帮我|帮忙)?(?:你们)?(?:派人)?(?:来)?(?:帮我|帮忙)?(?:处理|解决|看看|看|管|反映|上报|登记)(?:一下|下|一哈)?(?:吧|嘛|嘞)?(?:[,，。!！]|$)",
        r"|(?:谢谢|多谢|感谢|辛苦)(?:你们?|您|了|啦)?[。!！]?$",
    ))
});
static PERSONAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:我的?|联系)?(?:电话|手机号?|号码|联系方式)(?:号码)?(?:是|[:：])?$|(?:^|[,，。])(?:我叫|姓名(?:是)?[:：]?|联系人[:：]?|我姓|我是)[\p{Han}]{1,4}(?:[,，。]|$)",
    )
});
/// An answer to 「在哪里？」 that names no place.
static NO_PLACE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"不知道|不晓得|不清楚|说不清|记不得|记不到|忘了|忘记了|^[^0-9]{0,6}(?:已经|都|刚)?(?:打|报|拨|通知)(?:过|完|通)?[^,，。]{0,6}(?:了|啦|过)|(?:消防|警察|救护车|119|110|120)[^,，。]{0,4}(?:来了|到了)|^(?:等一下|稍等|等等|马上|(?:应该|好像|可能|肯定)?(?:没有|没得|有)(?:人)?|好的?|嗯+|谢谢)[吧啊哈呀。!！,，?？]*$|^(?:就是|就在|在)?(?:我们?|咱们?|俺们?)(?:这里|这儿|这边|那里|小区|家|屋头|楼|院子|单元)?[里头的]*$|^(?:就是|就在|在)?(?:这里|这儿|这边|那里|小区|家|屋头|屋|院子|楼道|单元)[里头面的]*$",
    )
});
/// A sentence about what is wrong, not a name of a place.
static COMPLAINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"得很|都不|没人|吵|坏|漏|堵|臭|脏|掉|裂|倒|烧|堆|了一|天天|每天|每晚|老是|总是|怎么|有人|不让|不走|不亮|不管|不修|不理|不来|冒|钱|补贴|津贴|太[大小吵臭脏多黑乱贵差]|好[大吵臭脏黑乱烦]|难闻|受不了|遭不住|睡不着|不敢|油烟|噪音|声音|味道",
    )
});
/// One sign that something is wrong with the place itself: 「3栋电梯」 is where, 「坏」 is what.
static BROKEN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[坏漏堵臭脏掉裂倒烧垮塌断破烂停黑响歪锈松卡熄翘落炸爆冒淹吵脱陷跨斜淌渗]"));
/// What names of places are made of.
static PLACEISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"[路街巷弄栋幢楼号院苑城园村桥站口店场校厂坊府湾庭里门]|附近|旁边|对面|地铁|公交|广场|市场|医院|小区")
});
/// Says that nothing was understood, or nothing at all.
static NO_MATTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:啥子?|什么(?:事|意思)?|哪样|咋个(?:说|弄|整)?|怎么(?:说|弄)|怎样说|啊|嗯+|哦|喂|不知道|不晓得|听不懂|不懂)[啊嘛呢哦?？。!！ ]*$",
    )
});
/// An ID number with what introduces it.
static ID_NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:我的)?(?:身份证)?(?:号码?)?(?:是|[:：])?[1-9][0-9]{16}[0-9x]"));
/// Family names that a self-given name may begin with.
pub const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤冉牟简晏游阳代温艾蓝欧司诸上";

/// Whether the message only says that there is no photo.
#[must_use]
pub fn has_no_photo(text: &str) -> bool {
    static NO_PHOTO: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:我|现在|这里|暂时)*(?:没有|没得|没|拍不了|拍不到|拍不成|不会|不方便|不好|不想|不|忘了)(?:发|拍|照|传)*(?:照片|图片|相片|照|图|拍照|拍)?[了啊嘛哦的呀。!！]*$",
        )
    });
    let folded = plain(text);
    NO_PHOTO.is_match(&folded) && ["照", "图", "拍"].iter().any(|w| folded.contains(w))
}

/// Reads one message.
#[must_use]
pub fn extract(text: &str, with: &Reading<'_>) -> Slots {
    let mut slots = read(text, with);
    slots.description = slots.description.map(|told| as_said(&told, text));
    slots
}

fn read(text: &str, with: &Reading<'_>) -> Slots {
    let folded = plain(text);
    let mut slots = Slots::default();
    let (source, correction) = if with.in_draft { corrected_part(&folded) } else { (folded.clone(), None) };
    slots.correction = correction.is_some();

    let phones: Vec<(String, std::ops::Range<usize>)> = own_phones(&source);
    slots.phone = phones.first().map(|(p, _)| p.clone());
    slots.name = self_given_name(&source, with.asked);
    slots.occurred_at = when::occurred(&source, with.now, with.zone).map(|(at, _)| at);
    slots.people_affected = people(&source, with.asked == Some("people_affected") || slots.correction);
    slots.kind = said_kind(&folded);
    slots.anonymous = anonymity(&folded);

    let mut without_phone = source.clone();
    for (_, range) in phones.iter().rev() {
        without_phone.replace_range(range.clone(), "");
    }
    let place = with.places.find_with(&without_phone, with.place);
    let told_place = place.certainty != Certainty::Unknown
        || place.place.building.is_some()
        || place.place.unit.is_some()
        || place.place.room.is_some()
        || place.place.community.is_some();
    let complains = || COMPLAINT.is_match(&folded) && (folded.chars().count() > 8 || !PLACEISH.is_match(&folded));
    let answers_where = || with.asked == Some("place") && folded.chars().count() <= 24 && !is_question(&folded) && !complains();
    if told_place {
        let mut place = place;
        if place.certainty == Certainty::Unknown && answers_where() {
            // The number is known, the name before it is not.
            place.place.text = told_as_answer(&without_phone, &place.place);
        }
        slots.place = Some(place);
    } else if with.asked == Some("place")
        && !slots.correction
        && slots.phone.is_none()
        && !folded.is_empty()
        && !NO_PLACE.is_match(&folded)
        && !is_question(&folded)
        && !complains()
        && says_where(&folded, with.place.is_some_and(|p| !p.text.is_empty()), with.is_matter)
    {
        // Words for a place that the directory does not know are kept as they are.
        let mut place = place;
        place.place.text = told_as_answer(&folded, &place.place);
        slots.place = Some(place);
    }

    if let Some(fix) = correction {
        finish_correction(&mut slots, fix, &source);
        return slots;
    }
    slots.answers = answers(&folded, text, with, &slots);
    let asked = own_question(with);
    // A message that is none of the choices may tell something else; free words are the answer.
    let answered = asked.is_some_and(|q| q.kind == QuestionKind::Text || slots.answers.iter().any(|(text, _)| *text == q.text));
    if answered && asked.is_some_and(|q| q.kind == QuestionKind::Date) {
        // 「昨天」 answers the question; it is not when the matter happened.
        slots.occurred_at = None;
    }
    slots.description = description(&without_phone, &slots, with, answered);
    slots
}

/// How a message corrects: by 「不是X是Y」 or by naming what is right.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Correction {
    wrong: Option<String>,
    field: Option<String>,
}

/// The part of the message that holds, and what it corrects.
fn corrected_part(folded: &str) -> (String, Option<Correction>) {
    if folded.chars().count() > 45 {
        return (folded.to_owned(), None);
    }
    if let Some(c) = FIELD_CHANGE.captures(folded) {
        return (c[2].to_owned(), Some(Correction { wrong: None, field: Some(c[1].to_owned()) }));
    }
    if let Some(c) = NOT_BUT.captures(folded) {
        let (wrong, right) = (c[1].to_owned(), c[2].to_owned());
        return (right, Some(Correction { wrong: Some(wrong), field: None }));
    }
    if let Some(c) = SHOULD_BE.captures(folded) {
        let right = c[1].trim_start_matches(['的', ',', '，', '是']).to_owned();
        let field = ["电话", "手机", "号码", "地点", "位置", "地址", "时间", "名字", "姓名", "人数"]
            .iter()
            .find(|f| folded[..c.get(0).map_or(0, |m| m.start())].contains(**f))
            .map(|f| (*f).to_owned());
        return (right, Some(Correction { wrong: None, field }));
    }
    (folded.to_owned(), None)
}

fn finish_correction(slots: &mut Slots, fix: Correction, right: &str) {
    let nothing = slots.phone.is_none()
        && slots.place.is_none()
        && slots.occurred_at.is_none()
        && slots.people_affected.is_none()
        && slots.name.is_none()
        && slots.kind.is_none()
        && slots.anonymous.is_none();
    match fix.field.as_deref() {
        Some("姓名" | "名字") => slots.name = Some(right.trim_end_matches(['。', '!', '！']).to_owned()),
        // Its name alone says it; see `Draft::take`.
        Some("类别" | "分类") => {}
        Some("描述" | "内容") => slots.description = Some(right.to_owned()),
        Some("地点" | "位置" | "地址") if slots.place.is_none() => {
            slots.place = Some(PlaceMatch {
                place: Place { text: right.to_owned(), ..Place::default() },
                candidates: Vec::new(),
                certainty: Certainty::Unknown,
                remark: None,
            });
        }
        Some("人数") => slots.people_affected = slots.people_affected.or_else(|| first_number(right)),
        _ if nothing => {
            if let Some(wrong) = fix.wrong {
                slots.replace = Some((wrong, right.to_owned()));
            } else if !right.is_empty() {
                slots.description = Some(right.to_owned());
            }
        }
        _ => {}
    }
}

fn first_number(text: &str) -> Option<u32> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern("[0-9]{1,4}|[零一二两三四五六七八九十百]{1,5}"));
    NUMBER.find(text).and_then(|m| small_number(m.as_str()))
}

/// Numbers that the resident does not give as somebody else's.
fn own_phones(text: &str) -> Vec<(String, std::ops::Range<usize>)> {
    PHONE
        .captures_iter(text)
        .filter_map(|c| {
            let m = c.get(0)?;
            let before = &text[..m.start()];
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            if digit(before.chars().next_back()) || digit(text[m.end()..].chars().next()) {
                return None;
            }
            let near: String = before.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
            if has_any(&near, &["对方", "骗子", "他的", "她的", "物业", "房东", "老板", "打来", "来电", "中介"])
            {
                return None;
            }
            let digits: String = m.as_str().chars().filter(char::is_ascii_digit).collect();
            let number = if digits.len() == 13 { digits.strip_prefix("86").unwrap_or(&digits).to_owned() } else { digits };
            Some((number, m.range()))
        })
        .collect()
}

fn self_given_name(text: &str, asked: Option<&str>) -> Option<String> {
    let valid = |name: &str| -> Option<String> {
        let name = name.split(['的', '住', '电', '手', '在']).next().unwrap_or_default();
        let count = name.chars().count();
        let title = ["先生", "女士", "师傅", "阿姨", "大爷", "老师", "婆婆", "嬢嬢", "同学", "小姐"];
        let bare = title.iter().find_map(|t| name.strip_suffix(t)).unwrap_or(name);
        let family = bare.chars().next().is_some_and(|c| SURNAMES.contains(c));
        let job = ["业主", "居民", "住户", "租客", "物业", "社区", "网格", "小区", "老板", "家属", "群众"]
            .iter()
            .any(|w| name.contains(w));
        (family && !job && (1..=4).contains(&count)).then(|| name.to_owned())
    };
    for c in NAME.captures_iter(text) {
        let whole = &c[0];
        let end = c.get(0).map_or(0, |m| m.end());
        let closes = text[end..].chars().next().is_none_or(|c| !c.is_alphabetic() || "电手住的".contains(c));
        let Some(name) = valid(&c[1]) else { continue };
        let cut = name.chars().count() < c[1].chars().count();
        if whole.starts_with("我是") && name.chars().count() < 2 {
            continue;
        }
        if closes || cut {
            return Some(name);
        }
    }
    if asked == Some("reporter.name") {
        return valid(text.trim_matches(|c: char| !c.is_alphabetic()));
    }
    None
}

fn people(text: &str, bare: bool) -> Option<u32> {
    let found = PEOPLE.captures(text).or_else(|| if bare { COUNT_ONLY.captures(text) } else { None })?;
    small_number(&found[1]).filter(|n| *n > 0)
}

fn said_kind(text: &str) -> Option<Kind> {
    // The word as a wish of the resident's own, not 「被投诉」 or 「投诉电话」.
    let wish = |word: &str| {
        text.match_indices(word).any(|(at, _)| {
            let before = &text[..at];
            let after = &text[at + word.len()..];
            let own = before.is_empty()
                || ["我要", "我想", "想", "要", "来", "帮我", "请", "，", ",", "。", "是", "为", "成", "匿名", "个", "实名"]
                    .iter()
                    .any(|w| before.ends_with(w));
            own && !["电话", "过", "了", "人", "无门", "没用", "多次"].iter().any(|w| after.starts_with(w))
        })
    };
    if wish("举报") {
        Some(Kind::举报)
    } else if wish("投诉") {
        Some(Kind::投诉)
    } else if wish("建议") || text.contains("提个建议") {
        Some(Kind::建议)
    } else if wish("求助") {
        Some(Kind::求助)
    } else {
        None
    }
}

fn anonymity(text: &str) -> Option<bool> {
    if has_any(text, &["不匿名", "不用匿名", "不需要匿名", "实名", "取消匿名"]) {
        return Some(false);
    }
    let wishes = [
        "匿名",
        "不留名",
        "不想留名",
        "不留姓名",
        "不想留姓名",
        "不要透露我",
        "别透露我",
        "不要说是我",
        "别说是我",
        "保密我的",
        "替我保密",
        "给我保密",
        "不想让他们知道",
        "不想让别人知道是我",
        "不想让邻居知道",
        "不公开我的",
    ];
    has_any(text, &wishes).then_some(true)
}

/// 「1栋，平台那里」 is no answer to 「有没有人受伤？」: it tells where or when, and neither yes nor no.
fn tells_something_else(question: &str, folded: &str, slots: &Slots) -> bool {
    static NO_OR_UNSURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"没|无|不|晓得|清楚|知道"));
    let yes_or_no = question.contains("有没有") || question.contains('吗');
    let told = slots.place.as_ref().is_some_and(|p| p.place.building.is_some() || p.place.grid_code.is_some())
        || slots.occurred_at.is_some();
    yes_or_no && told && !affirms(folded) && !NO_OR_UNSURE.is_match(folded)
}

/// Whether a short answer to 「有没有…？」 says yes: 有, 有一个, 有两个人受了伤, 是的.
#[must_use]
pub fn affirms(text: &str) -> bool {
    static YES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:好像|应该|确实|真的)?(?:有(?:的|人|啊|呀|哦|嘛|[一两二三四五六几好0-9])?|是的?|对的?|伤(?:了|到)|砸(?:到|伤))",
        )
    });
    static NO: LazyLock<Regex> = LazyLock::new(|| pattern(r"有没有|没有?|没得|不|无人|有点(?:怕|吓)|有惊"));
    let folded = plain(text);
    let answer = folded.trim_start_matches(|c: char| !c.is_alphanumeric());
    YES.is_match(answer) && !NO.is_match(answer)
}

/// Answers to the category's own questions: the one that was asked, and injuries told unasked.
fn answers(folded: &str, text: &str, with: &Reading<'_>, slots: &Slots) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let Some(leaf) = with.leaf else { return out };
    if let Some(question) = own_question(with)
        && !folded.is_empty()
        && slots.phone.is_none()
        && (question.kind != QuestionKind::Text || !tells_something_else(&question.text, folded, slots))
        && let Ok(answer) = question.read(text, with.now, with.zone)
    {
        out.push((question.text.clone(), answer));
        return out;
    }
    for question in leaf.questions.iter().filter(|q| q.text.contains("受伤") || q.text.contains("伤到人")) {
        let nobody = [
            "没有人受伤",
            "没人受伤",
            "无人受伤",
            "没伤到人",
            "没有伤到人",
            "没砸到人",
            "没有砸到人",
            "没伤人",
            "人没事",
            "没有人员受伤",
            "没有人员伤亡",
        ];
        if has_any(folded, &nobody) {
            out.push((question.text.clone(), "没有人受伤".to_owned()));
        } else if has_any(folded, &["有人受伤", "砸伤", "受了伤", "受伤了", "砸到人了"]) {
            out.push((question.text.clone(), "有人受伤".to_owned()));
        }
    }
    for question in &leaf.questions {
        if !out.iter().any(|(text, _)| *text == question.text)
            && let Some(answer) = question.told_in(folded)
        {
            out.push((question.text.clone(), answer));
        }
    }
    out
}

/// The category's question that was asked in the turn before.
fn own_question<'a>(with: &Reading<'a>) -> Option<&'a OwnQuestion> {
    let text = with.asked?.strip_prefix("answers.")?;
    with.leaf?.questions.iter().find(|q| q.text == text)
}

fn description(source: &str, slots: &Slots, with: &Reading<'_>, answered: bool) -> Option<String> {
    if answered || matches!(with.asked, Some("reporter.phone" | "reporter.name" | "people_affected" | "occurred_at")) {
        return None;
    }
    // 「匿名哈，不要说是我」 tells nothing but that; 「啥子？」 nothing at all.
    let no_place = with.asked == Some("place") && source.chars().count() <= 12 && NO_PLACE.is_match(source);
    if no_place || (slots.anonymous.is_some() && source.chars().count() <= 14) || NO_MATTER.is_match(source) {
        return None;
    }
    // 「晚上七八点」 is when it is bad: no instant, but part of the matter.
    if with.in_draft && slots.occurred_at.is_none() && when::says_only_when(source) {
        return Some(source.to_owned());
    }
    let mut text = PREAMBLE.replace(source, "").into_owned();
    text = ID_NUMBER.replace_all(&text, "").into_owned();
    text = PERSONAL.replace_all(&text, "，").into_owned();
    for _ in 0..2 {
        text = WISH.replace_all(&text, "。").into_owned();
    }
    if let Some(name) = &slots.name {
        for lead in ["我叫", "姓名是", "姓名:", "姓名", "联系人:", "联系人是", "联系人", "我是", "我姓"] {
            text = text.replace(&format!("{lead}{name}"), "");
        }
    }
    text = text.replace("我的电话", "").replace("电话是", "").replace("我的手机号是", "").replace("手机号是", "");
    if let Some(room) = slots.place.as_ref().and_then(|p| p.place.room.as_ref()) {
        for form in [format!("{room}室"), format!("{room}号房"), format!("{room}户")] {
            text = text.replace(&form, "");
        }
    }
    let text = text.trim_matches(|c: char| !c.is_alphanumeric() && !"」』）)]”".contains(c)).to_owned();
    // What remains must be more than the place, the time and a few particles.
    let mut rest = text.clone();
    if let Some(place) = &slots.place {
        rest = rest.replacen(&place.place.text, "", 1);
        for word in &place.place.matched_by {
            rest = rest.replace(word.as_str(), "");
        }
        let n = address::numbers(&rest);
        if let Some((s, e)) = n.span {
            rest.replace_range(s..e, "");
        }
    }
    for filler in [
        "小区",
        "我们",
        "就是",
        "在",
        "我家",
        "我住",
        "这里",
        "那里",
        "门口",
        "匿名",
        "我要",
        "是",
        "的",
        "了",
        "吧",
        "呢",
        "啊",
        "今天",
        "昨天",
        "刚才",
        "刚刚",
        "早上",
        "晚上",
        "反映",
        "投诉",
        "举报",
        "上报",
        "好的",
        "不知道",
        "建议",
        "求助",
    ] {
        rest = rest.replace(filler, "");
    }
    let letters = rest.chars().filter(|c| c.is_alphabetic()).count();
    let asked_place = with.asked == Some("place");
    let adds = !with.is_matter && (asked_place || with.in_draft && with.asked != Some("description"));
    let enough = if adds { 4 } else { 2 };
    let only_place = asked_place && slots.place.as_ref().is_some_and(|p| p.certainty == Certainty::Unknown);
    // A short report says nearly everything with its place: 「银杏苑3栋电梯坏了」.
    let first = !with.in_draft || with.asked == Some("description");
    let broken = first && !asked_place && letters > 0 && BROKEN.is_match(&rest);
    ((letters >= enough || broken) && !only_place).then_some(text)
}
