//! Words between a resident and a text: politeness to pass over, everyday words for official ones, other places, other trades.

use std::path::Path;

use serde::Deserialize;

/// Said to a clerk, not about the matter; longer ones first.
const POLITE: [&str; 32] = [
    "我想要咨询一下",
    "我想咨询一下",
    "我想要咨询",
    "我想咨询",
    "我想请问一下",
    "我想问一下",
    "想咨询一下",
    "麻烦问一下",
    "想问一下",
    "请问一下",
    "咨询一下",
    "问一下",
    "请教一下",
    "打扰一下",
    "打扰了",
    "我想问",
    "我想知道",
    "想知道",
    "想请教",
    "请问",
    "你好",
    "您好",
    "哈喽",
    "谢谢你",
    "谢谢您",
    "谢谢",
    "谢了",
    "麻烦你",
    "麻烦您",
    "帮我查一下",
    "帮我看看",
    "劳驾",
];

/// How people ask, whatever they ask about, in the street's dialect too; longer ones first.
const ASKING: [&str; 88] = [
    "啥子意思",
    "凭啥子",
    "凭什么",
    "有没得",
    "得不得",
    "该不该",
    "得到不",
    "不嘛",
    "行不",
    "哪点",
    "那种",
    "这种",
    "这个",
    "那个",
    "听说",
    "到时候",
    "一下子",
    "就是",
    "还是",
    "已经",
    "这里",
    "这边",
    "那边",
    "突然",
    "哦",
    "噻",
    "哈",
    "应该怎么办",
    "该怎么办",
    "怎么处理",
    "怎么解决",
    "怎么弄",
    "怎么搞",
    "怎么整",
    "怎么样",
    "怎么办",
    "怎么个",
    "怎么",
    "咋办",
    "咋弄",
    "咋整",
    "咋搞",
    "咋个",
    "咋",
    "啷个办",
    "啷个",
    "如何",
    "为什么",
    "为啥",
    "什么样",
    "什么",
    "啥子",
    "啥",
    "哪里",
    "哪儿",
    "哪个",
    "哪些",
    "有没有",
    "能不能",
    "可不可以",
    "可以不",
    "可以",
    "是不是",
    "要不要",
    "行不行",
    "算不算",
    "给不给",
    "能否",
    "是否",
    "多少",
    "这种情况",
    "请",
    "麻烦",
    "现在",
    "一下",
    "我们",
    "咱们",
    "你们",
    "他们",
    "吗",
    "呢",
    "啊",
    "吧",
    "嘛",
    "呀",
    "了",
    "的",
    "我",
];

/// Places whose own rules this street does not know. Provinces and the cities people name most.
const ELSEWHERE: [&str; 74] = [
    "北京",
    "上海",
    "天津",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "广西",
    "海南",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
    "台湾",
    "广州",
    "深圳",
    "成都",
    "杭州",
    "南京",
    "武汉",
    "西安",
    "苏州",
    "郑州",
    "长沙",
    "沈阳",
    "青岛",
    "大连",
    "厦门",
    "宁波",
    "无锡",
    "济南",
    "合肥",
    "福州",
    "昆明",
    "哈尔滨",
    "长春",
    "石家庄",
    "南宁",
    "贵阳",
    "太原",
    "兰州",
    "乌鲁木齐",
    "海口",
    "三亚",
    "东莞",
    "佛山",
    "珠海",
    "温州",
    "绍兴",
    "嘉兴",
    "常州",
    "徐州",
    "烟台",
    "洛阳",
    "绵阳",
];

/// Beside the name of another place these say that the person comes from there or goes there: the matter is still ours.
const MOVING: [&str; 22] = [
    "从",
    "来自",
    "老家",
    "搬",
    "迁",
    "转到",
    "转回",
    "异地",
    "外地",
    "户口在",
    "回",
    "去",
    "人在",
    "寄",
    "过来",
    "嫁",
    "这边",
    "我是",
    "在这",
    "打工",
    "以前",
    "之前",
];

/// Words of trades that a street has no papers on. Each is telling by itself.
const OTHER_TRADES: &str = "天气预报|今天天气|明天天气|天气怎么样|天气如何|气温|几度|下雨吗|下雪吗|穿什么|空气质量|菜谱|红烧|清蒸|炖汤|炒菜|做菜|好吃|煮|腌|烤|蛋糕|面包|咖啡|奶茶|火锅店|餐厅推荐|\
股票|炒股|大盘|涨停|A股|牛市|基金推荐|买基金|比特币|虚拟币|币圈|黄金价格|金价|汇率|理财产品|彩票|双色球|房价会|\
编程|代码|程序|python|java|excel|ppt|word|函数|算法|数据库|bug|服务器|chatgpt|人工智能|大模型|路由器|wifi|手机推荐|买什么手机|电脑|显卡|苹果手机|安卓|微信怎么|抖音|快手|直播带货|\
笑话|段子|讲个故事|写诗|写一首|作文|歌词|谜语|脑筋急转弯|成语接龙|对联|情书|翻译|英语|英文|日语|韩语|数学题|方程|高考志愿|考研|雅思|托福|\
电影|电视剧|综艺|明星|演唱会|歌手|小说|动漫|游戏|王者荣耀|原神|足球|篮球|世界杯|奥运|nba|中超|比赛|\
旅游攻略|旅游|景点|机票|火车票|高铁票|酒店|签证|自驾|露营|减肥|健身计划|护肤|化妆|口红|发型|穿搭|星座|算命|运势|塔罗|风水|周公解梦|梦见|起名|生肖|\
留学|报班|培训班|上分|开黑|不制冷|打不着火|淘宝|简历|恋爱|女朋友|男朋友|相亲|表白|分手|追女生|养花|多肉|养鱼|猫粮|狗粮|钓鱼|宇宙|黑洞|恐龙|历史上|皇帝|唐朝|三国|首都|世界上最|几大洲|总统|为什么天|光速|诺贝尔|\
营业执照|注册公司|开公司|开个公司|个体户|加盟|品牌|牌子|快递|彩礼|利率|高考|中考|分数线|报考|准考证|护照|通行证|驾驶证|驾照|行驶证|违章|机场|烟草|清洗|起名|个名字|吃什么|\
信用卡|贷款利率|存款|飞机|航班|充电宝|门票|公务员|事业编|考编|教师资格|普通话|驾校|科目二|科目三|摇号|车牌号|酒席|婚礼|婚纱|家政公司|保姆|月嫂|装修公司|家具|\
房价|上市|融资|创业|商标|专利|关税|挂号|哪个医生|什么药|感冒|头痛|牙痛|血压|血糖|奶粉|补习班|论文|查重|省电|好看|推荐|便宜|哪家|哪款|排名|攻略|\
汽车推荐|买什么车|油耗|保养|轮胎|二手车|洗衣机|冰箱推荐|空调推荐|电视机|净水器|人生的意义|你是谁|你几岁|你喜欢|你会什么|你叫什么|陪我聊|无聊|\
余额宝|网银|外币|换汇|期货|债券|分红|车险|机顶盒|末班车|首班车|几路车|出租车|汽车票|船票|托运|改签|退票|研究生|博士|转专业|导游证|军训|增值税|报税|招投标|投标|注册资金|海关|报关|种植|鱼塘|农机|柑橘|播种|大棚|怀孕能吃|胎教|辅食|\
电影院|瑜伽|腹肌|划船|棋牌|象棋|围棋|扑克|羽毛球|乒乓|滑雪|客栈|旅行社|导游|入党|党费|团员|党校|教堂|拜佛|使馆|绿卡|英国|美国|日本|韩国|泰国|俄罗斯|欧洲|非洲|手机屏|平板|键盘|鼠标|打印机|硬盘|网页|邮箱|微博|视频剪辑|\
相机|摄影|耳机|音箱|蓝牙|充电器|智能手表|新能源车|保险杠|发动机|机油|补胎|试驾|裤子|鞋子|裙子|围巾|首饰|手表|包包|香水|面膜|洗发|染头发|烫发|美甲|整容|祛痘|全屋定制|灯具|吸尘器|微波炉|电饭煲|烤箱|热水器推荐|饺子|面条|排骨|泡菜|酸菜|\
鸡汤|凉菜|红酒|包邮|代购|拼单|粉丝|漫画|追剧|大结局|跳舞教学|吉他|书法|读后感|语法|时态|单词|物理|地理|长江|月亮|地球|原子|发明|哲学|鬼故事|做梦|黄道|吉日|属相|手相|送什么|请柬|约会|追同事|复合|离职信|辞职信|年终奖|猎头|\
金鱼|仓鼠|鹦鹉|赌球|天文|哪个牌|什么牌|啥子牌";

/// The dialect of the place in the standard language, where one word stands for one; longer ones first.
const SPOKEN: [(&str, &str); 66] = [
    ("崽儿些", "孩子"),
    ("细娃儿", "孩子"),
    ("小娃儿", "孩子"),
    ("奶娃儿", "婴儿"),
    ("娃儿", "孩子"),
    ("崽儿", "孩子"),
    ("幺儿", "孩子"),
    ("小孩子", "孩子"),
    ("小孩", "孩子"),
    ("老汉儿", "父亲"),
    ("妈老汉", "父母"),
    ("老汉", "父亲"),
    ("老妈", "母亲"),
    ("老爸", "父亲"),
    ("我妈", "我母亲"),
    ("我爸", "我父亲"),
    ("屋头", "家里"),
    ("屋里头", "家里"),
    ("我屋", "我家"),
    ("屋企", "家里"),
    ("婆娘", "妻子"),
    ("堂客", "妻子"),
    ("老公", "丈夫"),
    ("老婆", "妻子"),
    ("兄弟伙", "朋友"),
    ("好多钱", "多少钱"),
    ("好多天", "多少天"),
    ("好久", "多久"),
    ("不晓得", "不知道"),
    ("晓得", "知道"),
    ("不得行", "不行"),
    ("得行", "行"),
    ("要得", "可以"),
    ("没得", "没有"),
    ("莫得", "没有"),
    ("遭", "被"),
    ("喊我", "叫我"),
    ("喊人", "叫人"),
    ("坝子", "空地"),
    ("巷巷", "巷子"),
    ("梯坎", "台阶"),
    ("楼梯间", "楼道"),
    ("过道", "通道"),
    ("电马儿", "电动车"),
    ("电瓶车", "电动车"),
    ("摩的", "摩托车"),
    ("火炮", "鞭炮"),
    ("炮仗", "鞭炮"),
    ("垮了", "塌了"),
    ("绊倒", "摔倒"),
    ("绊了", "摔了"),
    ("脚杆", "腿"),
    ("手杆", "手臂"),
    ("脑壳", "头"),
    ("票子", "发票"),
    ("扯皮", "纠纷"),
    ("扯筋", "纠纷"),
    ("打锤", "打架"),
    ("过世", "去世"),
    ("走了以后", "去世以后"),
    ("怀起", "怀孕"),
    ("身分证", "身份证"),
    ("底保", "低保"),
    ("丢垃圾", "扔垃圾"),
    ("闹麻了", "吵"),
    ("闹得很", "很吵"),
];

/// An everyday word and the official words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As residents say it.
    pub everyday: String,
    /// As the texts say it.
    pub official: Vec<String>,
}

/// Everyday words → official words.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Row {
    everyday: String,
    official: String,
}

impl Lexicon {
    /// A lexicon of these entries.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut entries: Vec<Entry> = entries.into_iter().filter(|e| !e.everyday.is_empty()).collect();
        // The longer word is the more certain one; it is replaced first.
        entries.sort_by_key(|e| std::cmp::Reverse(e.everyday.chars().count()));
        Self { entries }
    }

    /// Reads `lexicon.csv`: columns `everyday`, `official` (several separated by `|`), others are passed over.
    ///
    /// # Errors
    /// The file cannot be read or lacks a column; the text names file and line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|e| format!("{}：{e}", path.display()))?;
        Self::parse(&bytes).map_err(|e| format!("{}：{e}", path.display()))
    }

    /// The same from the bytes of the file.
    ///
    /// # Errors
    /// A line lacks a column.
    pub fn parse(csv: &[u8]) -> Result<Self, String> {
        let mut entries = Vec::new();
        for row in csv::Reader::from_reader(csv).deserialize::<Row>() {
            let row = row.map_err(|e| e.to_string())?;
            let official = row.official.split('|').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect();
            entries.push(Entry { everyday: row.everyday.trim().to_lowercase(), official });
        }
        Ok(Self::new(entries))
    }

    /// What [`Self::from_bytes`] reads again.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::new();
        for entry in &self.entries {
            out.push_str(&entry.everyday);
            entry.official.iter().for_each(|official| {
                out.push('\t');
                out.push_str(official);
            });
            out.push('\n');
        }
        out.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are no text.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, std::str::Utf8Error> {
        let text = std::str::from_utf8(bytes)?;
        let entry = |line: &str| {
            let mut words = line.split('\t').map(str::to_owned);
            Entry { everyday: words.next().unwrap_or_default(), official: words.collect() }
        };
        Ok(Self::new(text.lines().map(entry).collect()))
    }

    /// Tells this lexicon from every other.
    #[must_use]
    pub fn id(&self) -> String {
        use sha2::{Digest as _, Sha256};
        format!("lexicon-{}", &hex::encode(Sha256::digest(self.to_bytes()))[..16])
    }

    /// Other wordings of a question: its everyday words replaced by official ones, at most three wordings.
    #[must_use]
    pub fn rewordings(&self, query: &str) -> Vec<String> {
        let found: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|e| query.contains(&e.everyday) && !e.official.iter().any(|o| query.contains(o.as_str())))
            .collect();
        let most = found.iter().map(|e| e.official.len()).max().unwrap_or(0).min(3);
        (0..most)
            .map(|n| {
                found.iter().fold(query.to_owned(), |text, entry| {
                    let official = entry.official.get(n).or_else(|| entry.official.first());
                    official.map_or(text.clone(), |o| text.replace(&entry.everyday, o))
                })
            })
            .collect()
    }
}

/// The query in the standard language.
#[must_use]
pub fn standard(query: &str) -> String {
    SPOKEN.iter().fold(
        query.to_owned(),
        |text, (spoken, standard)| {
            if text.contains(spoken) { text.replace(spoken, standard) } else { text }
        },
    )
}

/// The query without politeness.
#[must_use]
pub fn without_politeness(query: &str) -> String {
    let mut out = query.to_owned();
    for word in POLITE {
        if out.contains(word) {
            out = out.replace(word, " ");
        }
    }
    // A query of nothing but politeness stays what it was.
    if out.trim().is_empty() { query.to_owned() } else { out.trim().to_owned() }
}

/// What a question is about: without politeness and without the words of asking. Cuts where a word stood.
#[must_use]
pub fn matter(query: &str) -> String {
    let mut out = without_politeness(query);
    for word in ASKING {
        if out.contains(word) {
            out = out.replace(word, " ");
        }
    }
    if out.trim().is_empty() {
        return query.to_owned();
    }
    // A number in a question (an age, a sum) is hardly ever what a guide is about.
    out.replace(|c: char| c.is_ascii_digit(), " ")
}

/// True when the question is about the rules of another place.
#[must_use]
pub fn is_elsewhere(query: &str) -> bool {
    ELSEWHERE.iter().any(|place| query.contains(place)) && !MOVING.iter().any(|word| query.contains(word))
}

/// The words of other trades in a question, at most 3.
#[must_use]
pub fn other_trades(query: &str) -> Vec<&'static str> {
    OTHER_TRADES.split('|').filter(|word| query.contains(word)).take(3).collect()
}
