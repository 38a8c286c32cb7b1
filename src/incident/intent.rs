//! What kind of turn a message wants, by rules: the routes that are duties first, then question or report.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{
    address,
    channels::{Channel, ChannelHit, ChannelKind},
    reading::plain,
    rules::IncidentRules,
    taxonomy::OF_A_CATEGORY,
    urgency::Emergency,
};
use crate::core::text::pattern;

/// The route of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentKind {
    /// A question: answered from the knowledge; 我要上报 is offered where it fits.
    Ask,
    /// Something is happening, or the wish to report it.
    Report,
    /// How far a ticket is.
    Progress,
    /// A person, please.
    Human,
    /// Greetings and thanks.
    Smalltalk,
    /// A lawful way that is not a ticket.
    Channel,
    /// Cannot be done.
    Decline,
    /// Life is in danger now.
    Emergency,
}

impl IntentKind {
    /// The word of the route that it leads to.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Report => "report",
            Self::Progress => "progress",
            Self::Human => "human",
            Self::Smalltalk => "smalltalk",
            Self::Channel => "channel",
            Self::Decline => "decline",
            Self::Emergency => "emergency",
        }
    }
}

/// The route with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// The route.
    pub kind: IntentKind,
    /// Why, in words.
    pub reasons: Vec<String>,
    /// Set with [`IntentKind::Emergency`].
    pub emergency: Option<Emergency>,
    /// Set with [`IntentKind::Channel`] and [`IntentKind::Decline`].
    pub channel: Option<Channel>,
    /// An ask that also tells of something a ticket could be made of, or where: a report when no guide speaks of it.
    pub offer_report: bool,
    /// The ticket number in the message, if any.
    pub ticket_number: Option<String>,
}

static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"吗|么[?？]|能否|可否|是否|好多(?:钱|岁|天|年)(?:[^了没]|$)|啷个(?:办|弄|整|领|申请)|好久(?:能|可以|才|到账|发|办得)|怎么(?:办|走|弄|算|交|领|查|报|申请|投诉|举报|处理|处罚|罚|写|开|做|收|补|缴|买|选|成立|维权|解决|联系|分|去|找|样|认定|理|才能|处置|退|转|上|用|预防|起诉|办理|规定|给|拿|停|防|养|预约|安装|装|打|换|改|赔|上报|反映|报销|报名|登记|参加|加|变更|定|续|打12345)",
        r"|如何|怎样|咋个?(?:办|弄|整|走|领|交|说)|咋办|找谁|找哪|哪个部门|谁(?:负责|来管|管|出钱|承担|赔|可以|能)|要不要|能不能|可不可以|该不该|是不是|要好久|得行不|要不要得|有没有(?:规定|补贴|政策|办法|标准|要求|什么|优惠)",
        r"|多少|多久|多长|几天|几点|几岁|几年|什么时候|什么时间|什么材料|什么条件|什么手续|什么标准|什么部门|什么意思|什么政策|什么证|是什么|什么是|哪些|哪里(?:办|领|交|可以|能|有|投诉|申请|买|查|举报|反映|报)|去哪|在哪|到哪(?:里|儿)?(?:办|领|交|去|投诉|举报|反映)|为什么|为啥|凭什么|合法|违不违法|算不算|会不会|需不需要|用不用|行不行|需要(?:什么|哪些|准备)|请问|想问|问一下|咨询|了解一下|想知道|呢[?？]?$|[?？]$",
        // As it is asked in Chongqing: 「报得到账不」「有没得补」「归哪个」「要带啥子」.
        r"|[^都也还从要不就才偏该像概然]不[哦嘛啊呢哟嗦噻喔呀哈]*[?？。]*$|(?:有|处理|解决|修|办|弄|搞|批|下来)[^,，。还都也]{0,6}没(?:得)?[哦嘛啊呢哟嗦噻喔呀哈]*[?？。]*$|有没[得有]|(?:归|找|喊|打|给|跟|问|算|是|该|由|靠|选|去|到|往|在|从|和)(?:哪个|哪点|哪家|哪里|哪儿|谁)|哪(?:个|家)(?:管|修|出|赔|负责|单位|部门|说了算|该|先|能|可以|来[管修赔清弄]|牌|好)|哪(?:款|样|种)|谁(?:的责任|的错|说了算|出钱|赔|修)|算谁",
        r"|咋个?(?:记|拦|收|约|做|看|写|填|劝|回[?？]*$|证明|算|处理|查|要|告|找|分|解|赔|退|申请|补|用|开|去|得|能|可以|搞|管|取|认定|维权|投诉|举报|上报|反映)|啷个|啥(?:子)?时候|几时|哪(?:天|阵)|啥子?(?:手续|材料|条件|服务|帮扶|意思|标准|办法|证件?|资料|要求|政策)|(?:带|要|做|办|交|拿|注意|该|准备|需要)(?:些|点)?啥|注意(?:什么|哪些)|(?:退|罚|赔|交|要|补|领|得|扣|付|花|收)好多|凭啥|真的假的|有(?:些|点)?(?:啥|哪样)|还是(?:大家|物业|厂家|开发商|业主|自己|我们?|公家|个人|社区|街道|政府|房东|租客|单位|要|该|归|由|能|可以)[^,，。]{0,8}[?？]*$|(?:投诉|举报|反映|报到?)哪|哪条|几倍|嗦[?？。]*$|些啥|啥[?？]*$|怎么整|下一步[?？]*$|先[^,，。]{1,2}哪|得不得行|哪[家个款种样][^,，。]{0,8}(?:好|便宜|靠谱|管用|赚钱|划算)|啥子?药|(?:违法|合法|犯法|合理|可以|应该)吧|^怎么|(?:要|该|得|应该|可以|能)[^,，。不没]{0,2}(?:什么|哪些|啥)[^,，。]{0,4}[?？]*$|算(?:什么|哪[种类样])|属于(?:什么|哪)|有(?:些|点)?什么[^,，。用人不没味响叫声臭漏烧掉在]{1,6}[?？]*$|怎么[^,，。不没又还这那回搞了能老总都就样到来]{1,2}[?？]*$|怎么(?:认证|参保|修|洗|清|除|治|关|调|接|拆|搬|说|考|解|落|还|取|注销|看|学|注册|下载|绑定|登录|判断|鉴定|证明|追|告|救|应对)",
    ))
});
/// Sounds like a question and is a complaint.
static RHETORICAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"好几(?:天|年|点)|[这前过那十]几天|几(?:天|年)(?:了|没|都)|多少(?:次|遍|回)|多久了|怎么(?:回事|没人|还不|还没|又|这么|老是|总是|就没|搞的|能这样|都没)|为什么(?:没人|不管|还不|还没|老是|总是|又|一直)|为啥(?:没人|不管|还不)|有没有人(?:来)?(?:管|处理|修)|能不能(?:(?:多|再)?加(?:几|个|点|根|一)|装(?:个|一|几|点)|增加|画(?:条|个)|来打|设(?:个|一)|重新粉刷|粉刷|移走|拆掉|派人|来人|快点|早点|尽快|帮(?:我|忙)?(?:反映|上报|处理|看看|登记|报)|处理|解决|修|来|管|派|清理|换|安排)|可不可以(?:派人|来人|处理|帮)|(?:可以|能)(?:派人|来人|帮我反映|帮我上报).{0,12}吗|管不管|(?:处理|解决|反映|上报|看|修|清理|管|派人来)(?:一下|看看)?(?:好吗|行吗|可以吗)|有(?:没得|没有)?人(?:来)?(?:管|处理|修)(?:一?下)?[不没]?|啥子?[^,，。]{0,4}都(?:没|不)|了(?:好)?几(?:天|年|个月|次|回)|(?:万一|摸到|碰到|掉下来|砸到|摔到|出事)[^,，。]{0,6}(?:咋办|怎么办|咋个办)|不(?:晓得|知道|清楚)(?:还)?(?:是不是|有没有|有没得|会不会|能不能|要不要)|不(?:晓得|知道|清楚)(?:是|在|归|找|该|从)*(?:哪|谁|啥|什么|咋|怎么)[^,，。]{0,3}|(?:搞|弄)(?:些|个)?啥子?(?:名堂)?|咋个?(?:回事|没人|还不|还没|又|这么|老是|总是)",
    )
});
static WANTS_REPORT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:我要|我想|想要|(?:^|[,，。 ])(?:想|要|来)|帮我|帮忙|请|麻烦|麻烦你们?|替我|给我|给你们|向你们?|跟你们?|我来|这里)(?:你们?|帮忙|您)?(?:上报|反映|投诉|举报|报修|登记|报一?下|报告|报个|提个?建议|建议)",
        r"|(?:帮我|请|麻烦|快|赶紧|赶快|希望|尽快|叫|喊|请求|要求|速|望|恳请|来人|派人)[^?？]{0,10}(?:处理|解决|派人|来人|看看|修一?下|维修|清理|管一?管|查一?下|整改|清运|制止|修复|核实|帮忙|修剪|疏通)",
        r"|反映一下|上报一下|反映个|反映一个|报个修|要报修|我要上报|^(?:上报|投诉|举报|反映|报修|求助|建议)[:：,，]?.{4,}|^我(?:上报|投诉|举报|反映)[^的过了].{3,}|^我要(?:投诉|举报|反映|求助)|^(?:上报|我要报|报修|反映问题|我要上报|投诉|举报|报事)$",
    ))
});
/// What is wished from a government, in the words of letters: 「请取缔…」「希望加快…」.
static WISHES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:请求?|恳请|强烈要求|强烈呼吁|希望|建议|呼吁)[^?？吗么呢]{0,30}(?:取缔|彻查|严查|落实|重视|加快|增加|增设|加装|拉通|恢复|打开|公开|公布|查处|整治|规范|敦促|督促|检查|延伸|设置|安装|调整|改善|优化|治理|取消|纠正|协调)",
    )
});
/// About reporting as such: 「怎么投诉」「投诉电话」.
static ABOUT_REPORTING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:怎么|如何|怎样|在哪里?|去哪里?|到哪里?|向谁|找谁|可以|能|能不能|可不可以|要不要)(?:去|才能)?(?:投诉|举报|反映|上报|报修|起诉|申请)|(?:投诉|举报|反映|报修)(?:电话|热线|渠道|流程|方式|吗|有用吗)|(?:找谁|向谁|去哪里?|到哪里?)[^,，。]{0,4}(?:投诉|举报|反映|报)",
    )
});
static PROGRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"wg ?[0-9]{6,}|(?:我的)?工单(?:号|编号)?.{0,10}(?:到哪|进度|进展|怎么样|处理|结果|状态|办|查)|查(?:一下|下|询)?(?:我的)?(?:工单|进度|上报|办理进度)|我的工单",
        r"|(?:我|上次|之前|昨天|前天|上周|刚才|早上|那天|前几天).{0,8}(?:报|反映|投诉|举报|说|提)(?:过)?的.{0,14}(?:到哪|进度|进展|怎么样|处理(?:了|得|完|好|没)|结果|办(?:到|得|好|完|了没)|有消息|解决(?:了|没)|有没有|什么时候|多久|回复|下文|修好)",
        r"|(?:处理|办理)(?:到哪|进度|进展)|办到哪|到哪一步|进度(?:如何|怎么样|查询)",
        r"|还要(?:多久|好久|几天|等多久).{0,3}(?:有人来|来人|派人|来处理|来修|处理|解决)|(?:多久|好久|什么时候|啥时候|几时|哪天)(?:才|能|会)*(?:有人来|来人|派人来)|(?:有人来|来人)(?:了没|没有?|了吗)[?？]?$|怎么还(?:没人来|不来人|没来人)",
        r"|^(?:你们|街道|社区)?(?:要不要|会不会|能不能|可不可以|得不得|啥时候|什么时候)(?:派人|派个人)?(?:来|过来)(?:人)?(?:看|处理|管|修)?(?:看|一下|一哈)?[吗不嘛啊哦?？]*$",
        r"|^(?:那|你们|请问|到底)?(?:还要)?(?:多久|好久|什么时候|啥(?:子)?时候|几时|哪天)(?:才|能|会|可以|得)*(?:来人?|来?(?:修|弄|搞|处理|解决|办|清理|清)(?:得)?(?:好|完)?)[啊嘛呢哦嘞呀?？]*$",
    ))
});
static HUMAN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"转人工|人工(?:客服|服务|坐席|接听)|^人工$|找(?:个)?(?:人工|真人|活人)|真人(?:客服|服务|接听|回复|$)|(?:要|有|是)真人|(?:网格员|网格长|社区)(?:的)?(?:电话|手机|联系方式|号码|微信)|(?:找|联系|叫|呼叫)(?:一下|下)?(?:我们|我的|我们小区的?|你们的?)?(?:网格员|网格长)|(?:想|要|让我|让)(?:和|跟|找)(?:个)?(?:真?人)(?:说|讲|聊|谈|来)|不(?:想|要)(?:和|跟)机器人|^找人$|找个人(?:来)?(?:说|接|处理)?$",
    )
});
/// When somebody is there: what the street says of its people, says it.
static OFFICE_HOURS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:请问)?(?:你们|街道|社区|居委会|办事处|便民(?:服务)?中心|(?:服务)?大厅|窗口|网格员)?(?:的)?(?:今天|明天|后天|周[一二三四五六日末]|星期[一二三四五六天日]|礼拜[一二三四五六天日]|中午|晚上|节假日)?(?:你们|街道|社区|居委会|办事处|便民(?:服务)?中心|(?:服务)?大厅|窗口)?",
        r"(?:(?:是)?(?:几点(?:钟)?|什么时候|啥(?:子)?时候|好久)(?:上班|下班|开门|关门|开始上班)|(?:上班|办公|办事|开放)时间(?:是)?(?:几点|好久|什么时候|多少)?|(?:还)?(?:上不上班|有没有人(?:上班|值班|在)?|开不开门|有人(?:上班|值班|在)?(?:吗|没|不)|上班(?:吗|没|不)|开门(?:吗|没|不)))[啊嘛呢哦嘞呀?？]*$",
    ))
});
/// A wish for oneself: 「我想养条狗」 asks what it takes.
static INTENDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:我们?|我家|屋头|家里|我们[楼小][区栋]?|我们单元|老房子|老楼|老小区)?(?:想要?|打算|准备|计划)(?:在[^,，。]{1,8}|给[^,，。]{1,6}|把[^,，。]{1,8})?(?:养|装|安|搭|开|租|买|卖|种|申请|办|改|拆|弄|搞|摆|加装|封|补|换|领|转|上户|落户|生|结婚|离婚|收养|认)",
    )
});
static SMALLTALK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:你好|您好|hi|hello|嗨|哈喽|喂|在吗|在不在|有人吗|谢谢(?:你|您|啦|了)?|多谢|感谢|非常感谢|辛苦了?|再见|拜拜|bye|早上好|早安|上午好|中午好|下午好|晚上好|晚安|早|好的?|好嘞|嗯+|哦+|噢|行|ok|知道了|明白了?|收到|(?:现在|已经|都)?没事了?|没有了|你(?:是谁|叫什么(?:名字)?|是机器人吗|是真人吗|会什么|会干什么|能做什么|能干什么|能帮我做什么|有什么用)|哈+|呵呵|不客气|啊|呀|了|的|吗|呢|[,，。.!！?？~～、 ])+$",
    )
});
/// Signs that something is told, not named.
static HAPPENING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "了|着(?:火|的)?|坏|漏|堵|没人|没有|没得|不亮|不走|不通|不动|不来|不管|不开|不修|不清|不让|乱|臭|吵|掉|裂|倒|塌|占|太|好(?:吵|臭|脏|烦|乱|黑|挤|响|大|危险|难闻|差|烂|滑|烫|呛|闹)|打(?:老婆|婆娘|娃儿?|孩子|小孩|老人|老妈|老汉|妈|爸|人)|一直|天天|每天|老是|总是|经常|又|破|断|脏|满|撞|咬|堆|挂在|扔|抛|很|好多|到处|被|有人|有个|有辆|有一|冒|松动|缺|积水|停水|停电|流|闻到|味道|异味|打架|欠|骗|冲|挡|私拉|搭|养|出摊|摆摊|在.{1,8}(?:烧|停|跳|打|唱|赌|修|装|放|种|养|充电|抽|玩火|点火)|上楼|进电梯|飞线|失踪|走失|走丢|危险|严重|扰民|非常|影响|噪音|声音|烦人|呼吁|强烈|强制|导致|造成|不合理",
    )
});
/// Words of somebody who suffers from it; whatever the matter is, nobody only mentions it.
static GRIEVES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"严重(?:影响|扰民|污染)|影响(?:居民|业主|我们|正常)?(?:的)?(?:正常)?(?:生活|休息|睡觉|出行|通行)|扰民|噪[音声][^,，。]{0,4}(?:很|太|大|污染|吵|扰)|(?:灰尘|粉尘|空气|环境)污染|声音(?:很|太|巨)大|大声喧哗|不作为|乱(?:收|扣)[^,，。]{0,3}费|乱扣|侵犯|侵占|侵权|造假|老赖|拒付|拖欠|迟迟(?:不|没|未)|拖到现在|久久未|没有动工|停工|烂尾|不公平|置之不理|无人(?:管|问津|检修)|没有?人管|随意更改|强烈(?:质疑|反对|抗议)|盼(?:查|解决|望)|违停|违建|霸占|吵晕|吵得|臭得|脏得|难闻|(?:好|很|太|特别|非常)(?:臭|吵|脏|呛)|遭不住|受不了",
    )
});
/// Asks for something that can be told: how, who, how much, which paper.
static SEEKS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"怎么(?:办|走|弄|算|交|领|查|申请|投诉|举报|处罚|写|开|补|缴|选|维权|认定|理赔|赔|报销|要)|如何|怎样|咋办|找谁|找哪|哪个部门|谁(?:负责|来管|管|承担|赔)|多少钱|什么(?:材料|条件|手续|标准|部门|政策|意思)|请问|想问|咨询|想知道|要不要|能否|可否|是否|合法|哪里(?:办|领|交|投诉|申请)",
    )
});
/// From here on a message is a letter: a question mark in it need not make it a question.
const LETTER: usize = 40;
/// Shortest sentence; less may only name something.
const STATEMENT: usize = 7;
/// Longest message that can be a mere request for progress, for a person or for somebody's data.
const SHORT: usize = 60;

/// A paper that is gone has to be made anew; nobody comes for it.
static LOST_PAPER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:身份证|户口[本簿]|社保卡|医保卡|居住证|驾驶?证|行驶证|护照|结婚证|离婚证|房产证|产权证|残疾证|老年证|优待证|银行卡|存折|营业执照|毕业证|出生证明?)[^,，。]{0,4}(?:丢|掉了|遗失|不见|找不到|没得了|没有了)",
    )
});
static TOPIC_ONLY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:申请|办理|政策|条件|流程|标准|材料|补贴|津贴|规定|手续|报销|补助|指南|办法|要求|时间|地址|电话|费用|条例|登记|步骤|处置|话术|时限|依据|规程|预案|要点|注意事项|标准要求)$",
    )
});

static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)wg ?([0-9]{8}[0-9]{6,})"));

/// Whether a message asks. 「怎么没人管」 complains and does not ask; neither does 「能不能派人来看看」.
#[must_use]
pub fn is_question(text: &str) -> bool {
    let folded = plain(text);
    let rest = RHETORICAL.replace_all(&folded, "");
    // The mark that ends a rhetorical question goes with it.
    let rest = if rest.len() < folded.len() { rest.trim_end_matches(['?', '？']) } else { &rest };
    QUESTION.is_match(rest) || ABOUT_REPORTING.is_match(rest) || weighs(rest)
}

/// 「退不退」「够不够」.
fn weighs(folded: &str) -> bool {
    let signs: Vec<char> = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    signs.windows(3).any(|w| w[1] == '不' && w[0] == w[2] && !"说管得".contains(w[0]))
}

/// Whether a message is more than a word and asks nothing.
#[must_use]
pub fn tells(text: &str) -> bool {
    plain(text).chars().filter(|c| c.is_alphanumeric()).count() >= 3 && !is_question(text)
}

/// Whether a message only names what there may be a text on: 「低保政策」.
#[must_use]
pub fn names_topic(text: &str) -> bool {
    TOPIC_ONLY.is_match(&plain(text)) && !HAPPENING.is_match(&plain(text))
}

/// Whether the last sentence asks: a letter that ends with a statement or a wish tells, whatever it asks on the way.
fn ends_with_question(folded: &str) -> bool {
    let last = folded.split_inclusive(['。', '!', '?', ';']).rfind(|s| s.chars().any(char::is_alphanumeric));
    last.is_some_and(is_question)
}

/// Whether a message wants something to be reported, in so many words.
#[must_use]
pub fn wants_report(text: &str) -> bool {
    let folded = plain(text);
    if ABOUT_REPORTING.is_match(&folded) {
        return false;
    }
    let wishes = WISHES.is_match(&folded) && !["请问", "请教"].iter().any(|w| folded.starts_with(w));
    wishes || WANTS_REPORT.is_match(&folded) || RHETORICAL.is_match(&folded) && folded.contains('派')
}

/// Only the words 「我要上报」, without a matter.
#[must_use]
pub fn is_bare_report_wish(text: &str) -> bool {
    let folded = plain(text);
    let rest = folded.trim_matches(|c: char| !c.is_alphanumeric());
    matches!(
        rest,
        "上报"
            | "我要上报"
            | "我要报"
            | "报修"
            | "我要报修"
            | "我要投诉"
            | "我要举报"
            | "我要反映"
            | "我要反映问题"
            | "反映问题"
            | "投诉"
            | "举报"
            | "我想上报"
            | "我想投诉"
            | "我想反映问题"
            | "我要求助"
            | "帮我上报"
            | "帮我反映一下"
            | "报事"
            | "我要提建议"
    )
}

/// Reads the route of a message.
///
/// The order is the order of duties: emergency, decline, greeting (only as the whole message), progress, person,
/// lawful channel, report in so many words, question; then what is told is a report and what is only named a question.
#[must_use]
pub fn classify_intent(text: &str, rules: &IncidentRules) -> Intent {
    let folded = plain(text);
    let mut intent = Intent {
        kind: IntentKind::Ask,
        reasons: Vec::new(),
        emergency: None,
        channel: None,
        offer_report: false,
        ticket_number: ticket_number(text),
    };
    if let Some(emergency) = rules.emergencies.detect(text) {
        intent.kind = IntentKind::Emergency;
        intent.reasons.push(format!("{}，属于紧急情况", emergency.why));
        intent.emergency = Some(emergency);
        return intent;
    }
    let length = folded.chars().count();
    if let Some(hit) = rules.channels.declined(text).filter(|_| length <= SHORT) {
        return with_channel(intent, IntentKind::Decline, hit);
    }
    if SMALLTALK.is_match(&folded) || folded.chars().all(|c| !c.is_alphanumeric()) {
        return because(intent, IntentKind::Smalltalk, "寒暄");
    }
    if (length <= SHORT && PROGRESS.is_match(&folded)) || intent.ticket_number.is_some() {
        return because(intent, IntentKind::Progress, "问的是已上报事项的进度");
    }
    if length <= SHORT && HUMAN.is_match(&folded) {
        return because(intent, IntentKind::Human, "想找人办理");
    }
    if OFFICE_HOURS.is_match(&folded) {
        return because(intent, IntentKind::Human, "问什么时候有人");
    }
    let question = is_question(text);
    if let Some(hit) = rules.channels.lawful(text, question) {
        // 「我要起诉开发商，怎么走程序」 wants the court, whatever it asks; what courts do is not in the knowledge.
        let own_wish = ["我要", "我想", "我准备"].iter().any(|w| folded.contains(w));
        let not_ours = matches!(hit.channel.kind, ChannelKind::诉讼 | ChannelKind::仲裁 | ChannelKind::监察);
        if hit.wish || (own_wish && not_ours) {
            return with_channel(intent, IntentKind::Channel, hit);
        }
        intent.reasons.push(format!("问的是「{}」怎么走", hit.words));
        if question {
            return intent;
        }
    }
    if wants_report(text) {
        return because(intent, IntentKind::Report, "希望上报处理");
    }
    if length <= SHORT && LOST_PAPER.is_match(&folded) {
        return because(intent, IntentKind::Ask, "证件没了要补办，不是要上报的事");
    }
    if length <= SHORT && INTENDS.is_match(&folded) {
        return because(intent, IntentKind::Ask, "说的是自己的打算，按提问处理");
    }
    let happening = HAPPENING.is_match(&folded) && !TOPIC_ONLY.is_match(&folded);
    let score = rules.taxonomy.classify(text).first().map_or(0.0, |s| s.score);
    let known_matter = score >= OF_A_CATEGORY;
    // A sentence that asks nothing and plainly is of a category tells, whatever its words for it.
    let states = length >= STATEMENT && score >= 0.3 && !TOPIC_ONLY.is_match(&folded);
    let placed = address::numbers(&folded).building.is_some();
    // 「狗把我咬了，在铂金云鼎门口」 needs no house number to be something that happened there.
    let somewhere = placed || rules.places.gazetteer().names_one(&folded);
    let grieves = length >= STATEMENT && GRIEVES.is_match(&folded) && !TOPIC_ONLY.is_match(&folded);
    let told = states || grieves || happening && (known_matter || somewhere || length >= LETTER);
    let letter = length >= LETTER && told && !ends_with_question(&folded) && !SEEKS.is_match(&folded);
    if question && !letter {
        intent.offer_report = happening && known_matter;
        return because(intent, IntentKind::Ask, "是在提问");
    }
    if told || (placed && known_matter) {
        return because(intent, IntentKind::Report, "说的是正在发生的事");
    }
    let lives = ["我住", "我家住", "我家在", "我们住", "家住"].iter().any(|w| folded.starts_with(w));
    intent.offer_report = known_matter || somewhere || lives;
    because(intent, IntentKind::Ask, "没有说到正在发生的事，按提问处理")
}

/// The ticket number that stands in a text, in its written form.
#[must_use]
pub fn ticket_number(text: &str) -> Option<String> {
    NUMBER.captures(&plain(text)).map(|c| format!("WG{}", &c[1]))
}

fn because(mut intent: Intent, kind: IntentKind, reason: &str) -> Intent {
    intent.kind = kind;
    intent.reasons.push(reason.to_owned());
    intent
}

fn with_channel(mut intent: Intent, kind: IntentKind, hit: ChannelHit) -> Intent {
    intent.kind = kind;
    intent.reasons.push(format!("您提到「{}」，属于{:?}", hit.words, hit.channel.kind));
    intent.channel = Some(hit.channel);
    intent
}
