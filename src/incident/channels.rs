//! The lawful ways that are not a ticket (`lawful_channels.csv`), and what is declined.
//!
//! Which way a message takes is decided here, by words and code. The texts promise no result.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{
    reading::plain,
    table::{self, DataError},
};
use crate::core::text::pattern;

/// Name of the file.
pub const FILE: &str = "lawful_channels.csv";

/// The kinds of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChannelKind {
    /// A court.
    诉讼,
    /// An arbitration commission.
    仲裁,
    /// Discipline inspection and supervision of people in office.
    监察,
    /// Review of an administrative act.
    行政复议,
    /// Access to government information.
    信息公开,
    /// Petitioning (letters and visits).
    信访,
    /// Another body is competent.
    职责外,
    /// Secrets and other people's data: declined.
    保密隐私,
    /// What is unlawful: dissuaded from.
    违法劝阻,
}

impl ChannelKind {
    /// True for what is explained and not done.
    #[must_use]
    pub const fn is_declined(self) -> bool {
        matches!(self, Self::保密隐私 | Self::违法劝阻)
    }

    /// Whose matter it is, as the first words of an answer.
    #[must_use]
    pub const fn whose(self) -> &'static str {
        match self {
            Self::诉讼 => "打官司的事归法院管",
            Self::仲裁 => "劳动仲裁归仲裁委员会管",
            Self::监察 => "反映干部和公职人员的问题，要找纪检监察机关",
            Self::行政复议 => "对处罚、决定不服，走的是行政复议",
            Self::信息公开 => "申请信息公开，要向管这份信息的机关提",
            Self::信访 => "信访有专门的渠道",
            Self::职责外 => "这件事归别的部门管",
            Self::保密隐私 => "这涉及保密和隐私",
            Self::违法劝阻 => "这件事不能做",
        }
    }

    /// What the matter is called in a wish that the table's own words do not list.
    const fn topics(self) -> &'static [&'static str] {
        match self {
            Self::诉讼 => &["起诉", "打官司", "提起诉讼", "告上法庭", "告到法院", "上法院告", "去法院告", "强制执行"],
            Self::仲裁 => &["申请仲裁", "劳动仲裁", "提起仲裁", "仲裁委"],
            Self::监察 => {
                &["贪污", "受贿", "收红包", "吃拿卡要", "以权谋私", "挪用公款", "滥用职权", "违纪", "公款吃喝", "优亲厚友"]
            }
            Self::行政复议 => &["行政复议", "申请复议", "提起复议"],
            Self::信息公开 => &["信息公开", "公开政府信息"],
            Self::信访 => &["信访", "上访"],
            Self::职责外 | Self::保密隐私 | Self::违法劝阻 => &[],
        }
    }
}

/// Where the resident is shown to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// What kind of way.
    pub kind: ChannelKind,
    /// Who is competent.
    pub body: String,
    /// Its number, may be empty.
    pub tel: String,
    /// What to do; no promise of a result.
    pub text: String,
    /// What that rests on, may be empty.
    pub basis: String,
}

#[derive(Debug, Deserialize)]
struct Row {
    #[expect(dead_code, reason = "names the row for the people who edit the table")]
    id: String,
    kind: ChannelKind,
    #[serde(default)]
    wish_words: String,
    #[serde(default)]
    question_words: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    tel: String,
    text: String,
    #[serde(default)]
    basis: String,
}

#[derive(Debug)]
struct Rule {
    channel: Channel,
    wish: Vec<String>,
    question: Vec<String>,
}

/// A channel that a message touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelHit {
    /// The channel.
    pub channel: Channel,
    /// True: the resident wants the service to do it; false: only asks about it.
    pub wish: bool,
    /// The words that showed it.
    pub words: String,
}

/// The table.
#[derive(Debug)]
pub struct Channels {
    rules: Vec<Rule>,
}

/// Wants another person's data.
static PRIVACY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:查|告诉|给我|提供|要|问|透露|知道|发我|发给我).{0,12}",
        r"(?:邻居|业主|住户|户主|租客|举报人|投诉人|楼上|楼下|对门|房东|某|他|她|那家|那户|那个人|谁家|[0-9a-z]+栋[^,。?]{0,6}|[张王李刘陈杨黄赵周吴徐孙马朱胡郭何林罗高][某一-龥]{1,2})",
        r".{0,6}(?:的)?(?:电话|手机号?|联系方式|身份证|住址|家庭住址|门牌号|真实姓名|个人信息|户籍信息|工资|存款|病历|行踪|开房|车主信息)",
        r"|(?:邻居|业主|住户|户主|租客|举报人|投诉人|楼上|楼下|对门|房东|那家|那户|那个人).{0,6}(?:的)?(?:电话|手机号?|联系方式|身份证号?|住址|姓名)(?:号码)?(?:给我|发我|告诉我|是多少|说一下|给一下)",
    ))
});
static WHO_TOLD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:是谁|哪个|谁|哪家).{0,4}(?:举报|投诉|告)(?:的)?(?:我|了我|的我|我们)|(?:举报|投诉)(?:我|我们)的(?:人)?是谁|把(?:举报人|投诉人).{0,6}(?:告诉|给)",
    )
});
/// Bodies whose numbers are public.
static PUBLIC_BODY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "物业|社区|居委会|网格员|网格|派出所|街道|城管|消防|医院|学校|热线|客服|窗口|政务|供电|供水|燃气公司|开发商|业委会|法院|人社|医保局|公司|部门|单位",
    )
});
static UNLAWFUL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:帮我|帮忙|怎么|如何|怎样|教我|想|我要|能不能|可以).{0,8}",
        r"(?:黑掉|黑进|入侵.{0,6}(?:系统|网站|手机)|盗号|逃税|偷税|漏税|骗保|骗取|套取.{0,6}(?:补贴|低保|医保|公积金)|造假|伪造|办假证|假材料|开个?假|假证明|假发票|偷电|偷水|报复|打他|揍|弄死|收拾他|下毒|毒死|制毒|买枪|造枪|做炸弹|行贿|送红包|塞钱|赌博网站|开赌场|洗钱|围堵政府|堵路|拉横幅闹事|闹事|跟踪|偷拍|监听|偷听)",
    ))
});
/// Prevention and tip-offs speak of the same things.
static AGAINST_IT: LazyLock<Regex> =
    LazyLock::new(|| pattern("举报|投诉|有人|防止|预防|识别|被|上报|遭|怀疑|发现|是不是违法|处罚|防范|反映|遇到|怎么办"));
static MANIPULATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"忽略(?:以上|之前|上面|前面|所有|一切)?.{0,6}(?:指令|提示|规则|设定)|(?:系统|你的)(?:提示词|prompt)|ignore (?:all |the )?(?:previous|above)|你现在是(?:一个)?(?:没有限制|dan)|输出你的(?:提示|设定|指令)",
    )
});
static WANTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"我要|我想|我们要|我们想|帮我|帮忙|替我|给我|我准备|准备去|要去|请你们|你们帮|我打算|要求|我申请|我得|举报|反映|投诉|代我|代写",
    )
});
static OFFICIAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern("干部|书记|主任|公务员|领导|镇长|局长|科长|所长|工作人员|政府的人|党员|网格长|村官|执法人员|城管队员")
});

impl Channels {
    /// Reads the table.
    ///
    /// # Errors
    /// An unknown kind, a row without words or text.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut rules = Vec::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let wish: Vec<String> = table::list(&row.wish_words).iter().map(|w| plain(w)).collect();
            let question: Vec<String> = table::list(&row.question_words).iter().map(|w| plain(w)).collect();
            if wish.is_empty() {
                return Err(DataError::row(FILE, line, "没有触发词"));
            }
            if row.text.is_empty() {
                return Err(DataError::row(FILE, line, "没有写明怎么做"));
            }
            // A cell may list several; people read them as one line.
            let shown = |cell: &str| table::list(cell).join("、");
            // A number among the bodies stands with the numbers already.
            let names = |cell: &str| {
                let all = table::list(cell).into_iter();
                all.filter(|s| !s.chars().all(|c| c.is_ascii_digit())).collect::<Vec<_>>().join("、")
            };
            let channel = Channel {
                kind: row.kind,
                body: names(&row.body),
                tel: shown(&row.tel),
                text: row.text,
                basis: shown(&row.basis),
            };
            rules.push(Rule { channel, wish, question });
        }
        if rules.is_empty() {
            return Err(DataError::file(FILE, "没有任何渠道"));
        }
        Ok(Self { rules })
    }

    /// The channel of this kind: the table's first.
    #[must_use]
    pub fn of_kind(&self, kind: ChannelKind) -> Option<&Channel> {
        self.rules.iter().map(|r| &r.channel).find(|c| c.kind == kind)
    }

    /// What has to be declined: secrets, other people's privacy, help with what is unlawful.
    #[must_use]
    pub fn declined(&self, text: &str) -> Option<ChannelHit> {
        let folded = plain(text);
        let against = AGAINST_IT.is_match(&folded);
        for rule in self.rules.iter().filter(|r| r.channel.kind.is_declined()) {
            let unlawful = rule.channel.kind == ChannelKind::违法劝阻;
            let said = rule.wish.iter().find(|w| folded.contains(w.as_str()));
            if let Some(words) = said.filter(|_| !(unlawful && against)) {
                return Some(ChannelHit { channel: rule.channel.clone(), wish: true, words: words.clone() });
            }
        }
        let channel = if WHO_TOLD.is_match(&folded) || (PRIVACY.is_match(&folded) && !only_public(&folded)) {
            self.of_kind(ChannelKind::保密隐私).cloned().unwrap_or_else(|| own_words(ChannelKind::保密隐私, PRIVATE))
        } else if MANIPULATION.is_match(&folded) && !asks_beside_it(&folded) {
            own_words(ChannelKind::违法劝阻, NOT_MINE)
        } else if UNLAWFUL.is_match(&folded) && !against {
            // The table's rows speak of one misdeed each; this may be another.
            own_words(ChannelKind::违法劝阻, DISSUADE)
        } else {
            return None;
        };
        let words = kind_words(channel.kind).to_owned();
        Some(ChannelHit { channel, wish: true, words })
    }

    /// The lawful channel that the message touches, and whether it is a wish or a question about it.
    ///
    /// `question`: what [`super::intent::is_question`] says of the same text.
    #[must_use]
    pub fn lawful(&self, text: &str, question: bool) -> Option<ChannelHit> {
        let folded = plain(text);
        let rules = || self.rules.iter().filter(|r| !r.channel.kind.is_declined());
        for rule in rules() {
            if let Some(words) = rule.question.iter().filter(|w| !rule.wish.contains(w)).find(|w| folded.contains(w.as_str()))
                && question
            {
                return Some(ChannelHit { channel: rule.channel.clone(), wish: false, words: words.clone() });
            }
        }
        for rule in rules() {
            if let Some(words) = rule.wish.iter().find(|w| folded.contains(w.as_str())) {
                return Some(ChannelHit { channel: rule.channel.clone(), wish: !question, words: words.clone() });
            }
        }
        for rule in rules() {
            let kind = rule.channel.kind;
            let Some(&words) = kind.topics().iter().find(|w| folded.contains(**w)) else { continue };
            // Only what people in office do is a matter of supervision.
            if kind == ChannelKind::监察 && !OFFICIAL.is_match(&folded) {
                continue;
            }
            // 「我要去法院起诉，怎么走程序」 asks, and wants it all the same.
            let own = ["我要", "我们要", "帮我", "替我"].iter().any(|w| {
                folded.split_once(w).is_some_and(|(_, rest)| rest.find(words).is_some_and(|at| rest[..at].chars().count() <= 4))
            });
            let wish = own || (!question && (WANTS.is_match(&folded) || kind == ChannelKind::监察));
            return Some(ChannelHit { channel: rule.channel.clone(), wish, words: words.to_owned() });
        }
        None
    }
}

/// Beside the order stands an honest question: that one is answered, the order is only words.
fn asks_beside_it(folded: &str) -> bool {
    folded.split(['。', '!', '！', ';', '；', '\n']).any(|s| !MANIPULATION.is_match(s) && super::intent::is_question(s))
}

const PRIVATE: &str = "这涉及别人的隐私，我不能提供。";
const NOT_MINE: &str =
    "这个我做不到。我只按街道的知识库回答政策和办事的问题，也可以帮您登记身边的事。您有什么事，直接告诉我就行。";
const DISSUADE: &str =
    "这样做是违法的，我不能帮忙，也请您别这么做。心里有气、有难处，把事情说给我听，我帮您找合法的办法；有危险马上打110。";

/// A channel of no table: only words.
fn own_words(kind: ChannelKind, text: &str) -> Channel {
    Channel { kind, body: String::new(), tel: String::new(), text: text.to_owned(), basis: String::new() }
}

/// The number that is asked for belongs to a body that publishes it.
fn only_public(folded: &str) -> bool {
    PUBLIC_BODY.is_match(folded) && !folded.contains("举报人") && !folded.contains("身份证")
}

const fn kind_words(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::保密隐私 => "查询他人信息",
        _ => "违法或越界的要求",
    }
}
