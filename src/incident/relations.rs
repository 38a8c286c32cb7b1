//! What the words around a name say about it: that it is not meant, that somebody only comes from there, that the matter
//! is opposite to it or at some way from it.

use std::sync::LazyLock;

use regex::Regex;

use crate::core::text::pattern;

/// How a name is spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// The matter may well be there.
    Here,
    /// Said to be where the matter is: 反映的是…
    Matter,
    /// Where the resident lives or comes from today; the matter is there unless it is said to be elsewhere.
    Home,
    /// On the way, or in the past.
    Passing,
    /// Somebody else's home.
    Others,
    /// 不是…
    Denied,
}

static DENIED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:不是|不在|并非|不是在|不是说|又不是)$"));
static MATTER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:反映|投诉|举报|上报|说|讲|问|看到|发现|出事|出问题|发生|事发|位置|地点|地址|现场)(?:的)?(?:是|就是|在|是在|就在|为|:|：)$",
    )
});
static ORIGIN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:从|由|自|打)$"));
static ORIGIN_ON: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:区|市|省|那边|这边)?(?:搬|寄|发|回|来|过来|嫁|运|迁|转|调)"));
static TOWARD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:开往|去往|前往|发往|飞往|驶往|想去|要去|坐车去|坐车到)$"));
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:姐|妹|哥|弟|爸|妈|爹|娘|父母|爷爷|奶奶|外婆|外公|婆婆|公公|老汉|儿子|女儿|孩子|娃儿|朋友|亲戚|同事|同学|他|她|他们|老板|房东)(?:家)?(?:是|就)?(?:住|家在|在)(?:在|到)?$",
    )
});
static ELSEWHERE_ON: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:那边|这边|那里|里面)?(?:上班|工作|打工|出差|读书|上学|做生意)"));
static HOME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:我|我们|咱|咱们|本人|我家|家|一家|屋头|居)?(?:住|家住|住在|家在|住到|现住|现在住|屋头在|房子在|是)(?:在|到)?$")
});
static OPPOSITE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:小区|的|那边|大门|门口|正门|后门|侧门|,|，)*(?:马路|街|公路|路|河|斜|正|隔壁)*(?:对面|对过|对街)")
});
static AWAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:小区|的|门口|大门|再)*(?:往|朝|向)[^,，。;；!！?？]{1,10}[0-9一二两三四五六七八九十百]+(?:多)?米")
});
static RESIDENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?:的)?(?:居民|业主|住户|租户|租客|志愿者|网格员|工作人员|党员|群众|人)"));
static IN_PLACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^现实存自住])(?:在|位于)$"));
/// Between the name of another town and a name of here: 九龙坡区锦凤苑, 杨家坪的大润发.
static PREFIX_GAP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:市|区|县|省|的|那边的|这边的|,|，|、|:|：|[\p{Han}]{1,7}(?:市|新区|区|县|镇|街道|乡|村|路))*$")
});
/// Between a road and what stands on it: 春晖路上的和悦苑.
static ROAD_GAP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:的|上|上的|边|边上|边上的|旁|旁边|旁边的|靠近|靠|路边|[0-9]{1,4}号(?:附[0-9]+号)?(?:院)?|,|，|、)?$")
});
/// Between an estate with its numbers and a word for something in it: 铂金云鼎3栋楼下的快递驿站.
static WITHIN_GAP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:小区|的|里|里面|里头|内|楼下|楼脚|门口|大门口|大门|旁边|侧边|边上|外面|外|附近|背后|后面|前面|当门|那个|这个|哪个|嘞)*$",
    )
});

/// Behind the name of an estate: a part of it.
static PHASE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:小区|的)?(?:第)?(?:[0-9一二三四五六七八九十]{1,2}|[a-z]|[东西南北中])(?:期|区|组团|片区|苑区)")
});
/// Between a name and its building: an ending that makes it another name.
static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:花园|家园|公寓|大厦|新村|雅居|名都|新城|广场|豪庭|华庭|苑|园|府|庭|城|郡|湾|轩|阁|邸|居|墅|公馆)(?:小区)?(?:的)?$",
    )
});

/// Words that any town has one of; alone they may speak of anything: 「街道办也不管」「江边」.
static GENERAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:老|大|小|新|社区|街道|便民|人行|地下|产业|工业|康复|体育|文化|公共|快递|菜鸟|卫生|养老|社区卫生|政务)*",
        r"(?:街道办|街道办事处|办事处|办事大厅|便民大厅|服务大厅|指挥中心|园区|产业园|码头|江边|河边|湖边|水边|后山|前山|山上|通道|下穿道|隧道口?",
        r"|天桥|夜市|夜市街|街上|街口|老街|食堂|驿站|超市|医院|学校|小学|中学|幼儿园|公园|广场|广场上|加油站|市场|菜市|菜市场|农贸市场|车站|公交站",
        r"|地铁站|地铁口|轻轨站|轨道站|服务中心|服务站|卫生站|家属院|公租房|安置房)$",
    ))
});
/// Behind or before a general word: it is spoken of as a place after all.
static SPOT_ON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:的)?(?:门口|大门|正门|前门|后门|侧门|旁|边上|楼下|楼上|楼顶|背后|后面|后头|前面|附近|里面|里头|出口|入口|路口|电梯|停车场|围墙|外墙|那里|那边|那儿|这里|这边|地面|路面|灯)",
    )
});
static SPOT_AT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:在|位于|地点[:：是]?|位置[:：是]?|地址[:：是]?)$"));

/// How the name between `before` and `after` is spoken of.
#[must_use]
pub fn stance(before: &str, after: &str) -> Stance {
    if DENIED.is_match(before) {
        return Stance::Denied;
    }
    if MATTER.is_match(before) {
        return Stance::Matter;
    }
    if ORIGIN.is_match(before) && ORIGIN_ON.is_match(after) || TOWARD.is_match(before) || ELSEWHERE_ON.is_match(after) {
        return Stance::Passing;
    }
    if OTHERS.is_match(before) {
        return Stance::Others;
    }
    if HOME.is_match(before) { Stance::Home } else { Stance::Here }
}

/// The matter is across the street from it, or so many metres away: perhaps in another grid.
#[must_use]
pub fn beside(after: &str) -> bool {
    OPPOSITE.is_match(after) || AWAY.is_match(after)
}

/// A community whose people are spoken of, not its ground.
#[must_use]
pub fn of_people(after: &str) -> bool {
    RESIDENT.is_match(after)
}

/// 在… before a name.
#[must_use]
pub fn placed(before: &str) -> bool {
    IN_PLACE.is_match(before)
}

/// Another town's name that governs the next name.
#[must_use]
pub fn governs(gap: &str) -> bool {
    gap.chars().count() <= 10 && PREFIX_GAP.is_match(gap)
}

/// A road's name that only leads to the next name.
#[must_use]
pub fn leads(gap: &str) -> bool {
    ROAD_GAP.is_match(gap)
}

/// A general word that speaks of something within the estate before it.
#[must_use]
pub fn within(gap: &str) -> bool {
    gap.chars().count() <= 6 && WITHIN_GAP.is_match(gap)
}

/// A word that any town has one of, however the directory uses it.
#[must_use]
pub fn general(word: &str) -> bool {
    GENERAL.is_match(word)
}

/// A general word is spoken of as a place: 在江边, 街道办门口, or as the whole answer.
#[must_use]
pub fn as_a_place(before: &str, after: &str) -> bool {
    let alone = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
    SPOT_ON.is_match(after) || SPOT_AT.is_match(before) || alone(before) && alone(after)
}

/// A part of an estate (二期, B区) is named right behind it.
#[must_use]
pub fn phase(behind: &str) -> bool {
    PHASE.is_match(behind)
}

/// The name goes on: what stands there is the beginning of a longer one.
#[must_use]
pub fn goes_on(gap: &str) -> bool {
    GOES_ON.is_match(gap)
}
