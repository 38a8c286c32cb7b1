//! The units of the field and what they count. One table: to teach the gate a unit, add a line.

use std::sync::LazyLock;

use crate::core::numerals::{Cursor, Ratio};

/// What kind of thing a figure tells. Only figures of one kind compete for the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 元, 万元, 块
    Money,
    /// Minutes to years, working days.
    Duration,
    /// 2024年3月1日, 周一
    Date,
    /// 18:00, 晚上十点
    Clock,
    /// 30%, 三成, 三分之二
    Share,
    /// Telephone numbers, hotlines included.
    Phone,
    /// 第十二条第二款
    Clause,
    /// 第七网格 and other numbered things.
    Ordinal,
    /// A number of things, or a measure.
    Count,
    /// A number alone.
    Bare,
}

/// How a unit was written and what it means.
#[derive(Debug)]
pub struct Unit {
    word: &'static str,
    /// Canonical name: units with the same name are compared by value.
    pub canonical: &'static str,
    /// Kind of the figure.
    pub kind: Kind,
    /// Canonical units in one of this, as a fraction.
    scale: (i64, i64),
    /// Characters that may not follow: 分 is no unit in 分类.
    not_before: &'static str,
}

impl Unit {
    /// Canonical units in one of this.
    #[must_use]
    pub fn scale(&self) -> Ratio {
        Ratio::new(i128::from(self.scale.0), i128::from(self.scale.1)).unwrap_or(Ratio::whole(1))
    }
}

const fn unit(word: &'static str, canonical: &'static str, kind: Kind, scale: (i64, i64), not_before: &'static str) -> Unit {
    Unit { word, canonical, kind, scale, not_before }
}

use Kind::{Clock, Count, Date, Duration, Money, Share};

/// Minutes are the measure up to the week, months from there on: a month is not 30 days.
static UNITS: LazyLock<Vec<Unit>> = LazyLock::new(|| {
    let mut units = vec![
        unit("秒钟", "分钟", Duration, (1, 60), ""),
        unit("秒", "分钟", Duration, (1, 60), ""),
        unit("分钟", "分钟", Duration, (1, 1), ""),
        unit("刻钟", "分钟", Duration, (15, 1), ""),
        unit("小时", "分钟", Duration, (60, 1), ""),
        unit("个小时", "分钟", Duration, (60, 1), ""),
        unit("个钟头", "分钟", Duration, (60, 1), ""),
        unit("钟头", "分钟", Duration, (60, 1), ""),
        unit("h", "分钟", Duration, (60, 1), ""),
        unit("min", "分钟", Duration, (1, 1), ""),
        unit("天", "分钟", Duration, (1440, 1), "津花然气桥台线窗井"),
        unit("日", "分钟", Duration, (1440, 1), "常用报本期前历"),
        unit("昼夜", "分钟", Duration, (1440, 1), ""),
        unit("自然日", "分钟", Duration, (1440, 1), ""),
        unit("个自然日", "分钟", Duration, (1440, 1), ""),
        unit("周", "分钟", Duration, (10080, 1), "岁边围末年期转"),
        unit("星期", "分钟", Duration, (10080, 1), ""),
        unit("个星期", "分钟", Duration, (10080, 1), ""),
        unit("个礼拜", "分钟", Duration, (10080, 1), ""),
        unit("礼拜", "分钟", Duration, (10080, 1), ""),
        unit("工作日", "工作日", Duration, (1, 1), ""),
        unit("个工作日", "工作日", Duration, (1, 1), ""),
        unit("工作天", "工作日", Duration, (1, 1), ""),
        unit("个工作天", "工作日", Duration, (1, 1), ""),
        unit("个月", "月", Duration, (1, 1), ""),
        unit("个季度", "月", Duration, (3, 1), ""),
        unit("年", "月", Duration, (12, 1), "级代轻龄货画味"),
        unit("周年", "月", Duration, (12, 1), ""),
        unit("个年度", "月", Duration, (12, 1), ""),
        unit("学时", "学时", Duration, (1, 1), ""),
        unit("课时", "学时", Duration, (1, 1), ""),
        unit("月", "月份", Date, (1, 1), "租薪均亮嫂饼子台"),
        unit("月份", "月份", Date, (1, 1), ""),
        unit("年级", "年级", Count, (1, 1), ""),
        unit("年代", "年代", Count, (1, 1), ""),
        unit("元", "元", Money, (1, 1), "素旦宵月"),
        unit("元钱", "元", Money, (1, 1), ""),
        unit("元人民币", "元", Money, (1, 1), ""),
        unit("块", "元", Money, (1, 1), "砖瓷石地区玻木牌链"),
        unit("块钱", "元", Money, (1, 1), ""),
        unit("圆", "元", Money, (1, 1), "形桌圈柱"),
        unit("角", "元", Money, (1, 10), "落度形色"),
        unit("毛", "元", Money, (1, 10), "病巾坯"),
        unit("毛钱", "元", Money, (1, 10), ""),
        unit("分钱", "元", Money, (1, 100), ""),
        unit("美元", "美元", Money, (1, 1), ""),
        unit("港元", "港元", Money, (1, 1), ""),
        unit("欧元", "欧元", Money, (1, 1), ""),
        unit("折", "折", Share, (1, 1), "叠扣页射"),
        unit("倍", "倍", Share, (1, 1), ""),
        unit("点钟", "时刻", Clock, (1, 1), ""),
        unit("人次", "人次", Count, (1, 1), ""),
        unit("人", "人", Count, (1, 1), "民大员工生行身社才口物群防"),
        unit("名", "人", Count, (1, 1), "单字称义录誉额下"),
        unit("位", "人", Count, (1, 1), "置于"),
        unit("个人", "人", Count, (1, 1), "民"),
        unit("口人", "人", Count, (1, 1), ""),
        unit("口", "人", Count, (1, 1), "头号径腔粮味"),
        unit("户", "户", Count, (1, 1), "口籍型外主"),
        unit("家", "家", Count, (1, 1), "庭属人具里中园政长畜暴电"),
        unit("岁", "岁", Count, (1, 1), "月"),
        unit("周岁", "岁", Count, (1, 1), ""),
        unit("栋", "栋", Count, (1, 1), ""),
        unit("幢", "栋", Count, (1, 1), ""),
        unit("号楼", "栋", Count, (1, 1), ""),
        unit("座", "座", Count, (1, 1), "位谈椅"),
        unit("单元", "单元", Count, (1, 1), ""),
        unit("个单元", "单元", Count, (1, 1), ""),
        unit("层", "层", Count, (1, 1), "面次级"),
        unit("楼", "层", Count, (1, 1), "道梯宇栋房盘长"),
        unit("室", "室", Count, (1, 1), "内外"),
        unit("间", "间", Count, (1, 1), "隔接距"),
        unit("套", "套", Count, (1, 1), "路餐"),
        unit("号", "号", Count, (1, 1), "码召称楼"),
        unit("号线", "号线", Count, (1, 1), ""),
        unit("份", "份", Count, (1, 1), "额子"),
        unit("张", "张", Count, (1, 1), "贴"),
        unit("页", "页", Count, (1, 1), "面"),
        unit("册", "册", Count, (1, 1), ""),
        unit("本", "本", Count, (1, 1), "人地市区次金科条法级身办街单社村规"),
        unit("件", "件", Count, (1, 1), ""),
        unit("项", "项", Count, (1, 1), "目"),
        unit("条", "条", Count, (1, 1), "件例款理约文目幅"),
        unit("款", "款", Count, (1, 1), "项式"),
        unit("章", "章", Count, (1, 1), "程"),
        unit("类", "类", Count, (1, 1), "似型别"),
        unit("种", "种", Count, (1, 1), "植子"),
        unit("级", "级", Count, (1, 1), "别"),
        unit("等奖", "等奖", Count, (1, 1), ""),
        unit("次", "次", Count, (1, 1), "数日序要生供"),
        unit("回", "次", Count, (1, 1), "复访收家来去应报迁馈避答"),
        unit("趟", "次", Count, (1, 1), ""),
        unit("遍", "次", Count, (1, 1), "布及地"),
        unit("轮", "轮", Count, (1, 1), "车椅岗流胎"),
        unit("批", "批", Count, (1, 1), "准评发"),
        unit("届", "届", Count, (1, 1), "时满"),
        unit("期", "期", Count, (1, 1), "间限满末望货"),
        unit("场", "场", Count, (1, 1), "所地景合"),
        unit("步", "步", Count, (1, 1), "骤行道"),
        unit("方面", "方面", Count, (1, 1), ""),
        unit("个方面", "方面", Count, (1, 1), ""),
        unit("辆", "辆", Count, (1, 1), ""),
        unit("台", "台", Count, (1, 1), "阶风账湾"),
        unit("部", "部", Count, (1, 1), "门分委署队位件"),
        unit("盏", "盏", Count, (1, 1), ""),
        unit("根", "根", Count, (1, 1), "据本源治"),
        unit("棵", "棵", Count, (1, 1), ""),
        unit("只", "只", Count, (1, 1), "要有能是需会可"),
        unit("条犬", "只", Count, (1, 1), ""),
        unit("只犬", "只", Count, (1, 1), ""),
        unit("头", "头", Count, (1, 1), "部盔疼发"),
        unit("处", "处", Count, (1, 1), "理罚置分于以方境警"),
        unit("所", "所", Count, (1, 1), "有以在需得述属谓长"),
        unit("片", "片", Count, (1, 1), "区段面长"),
        unit("支", "支", Count, (1, 1), "付持出队部"),
        unit("瓶", "瓶", Count, (1, 1), "颈"),
        unit("箱", "箱", Count, (1, 1), ""),
        unit("桶", "桶", Count, (1, 1), ""),
        unit("袋", "袋", Count, (1, 1), ""),
        unit("包", "包", Count, (1, 1), "括含装裹保干产容"),
        unit("门", "门", Count, (1, 1), "口牌诊禁前店"),
        unit("分", "分", Count, (1, 1), "别类为期级局开段析配散享工公布红支区清担数明"),
        unit("平方米", "平方米", Count, (1, 1), ""),
        unit("平米", "平方米", Count, (1, 1), ""),
        unit("平方", "平方米", Count, (1, 1), "千公"),
        unit("㎡", "平方米", Count, (1, 1), ""),
        unit("m²", "平方米", Count, (1, 1), ""),
        unit("m2", "平方米", Count, (1, 1), ""),
        unit("平方公里", "平方公里", Count, (1, 1), ""),
        unit("亩", "亩", Count, (1, 1), ""),
        unit("公顷", "亩", Count, (15, 1), ""),
        unit("立方米", "立方米", Count, (1, 1), ""),
        unit("方", "立方米", Count, (1, 1), "面式法案便向可才能位形案圆"),
        unit("米", "米", Count, (1, 1), "饭线粉"),
        unit("m", "米", Count, (1, 1), ""),
        unit("公里", "米", Count, (1000, 1), ""),
        unit("千米", "米", Count, (1000, 1), ""),
        unit("km", "米", Count, (1000, 1), ""),
        unit("厘米", "米", Count, (1, 100), ""),
        unit("公分", "米", Count, (1, 100), ""),
        unit("cm", "米", Count, (1, 100), ""),
        unit("毫米", "米", Count, (1, 1000), ""),
        unit("mm", "米", Count, (1, 1000), ""),
        unit("公斤", "千克", Count, (1, 1), ""),
        unit("千克", "千克", Count, (1, 1), ""),
        unit("kg", "千克", Count, (1, 1), ""),
        unit("斤", "千克", Count, (1, 2), ""),
        unit("克", "千克", Count, (1, 1000), "服扣"),
        unit("吨", "千克", Count, (1000, 1), ""),
        unit("升", "升", Count, (1, 1), "级降高旗学温"),
        unit("L", "升", Count, (1, 1), ""),
        unit("毫升", "升", Count, (1, 1000), ""),
        unit("度", "度", Count, (1, 1), "假过量"),
        unit("千瓦时", "度", Count, (1, 1), ""),
        unit("kWh", "度", Count, (1, 1), ""),
        unit("℃", "摄氏度", Count, (1, 1), ""),
        unit("°C", "摄氏度", Count, (1, 1), ""),
        unit("摄氏度", "摄氏度", Count, (1, 1), ""),
        unit("分贝", "分贝", Count, (1, 1), ""),
        unit("dB", "分贝", Count, (1, 1), ""),
        unit("伏", "伏", Count, (1, 1), ""),
        unit("V", "伏", Count, (1, 1), ""),
        unit("安", "安", Count, (1, 1), "全装排置"),
        unit("瓦", "瓦", Count, (1, 1), "斯片"),
        unit("W", "瓦", Count, (1, 1), ""),
        unit("千瓦", "瓦", Count, (1000, 1), ""),
        unit("kW", "瓦", Count, (1000, 1), ""),
        unit("个", "个", Count, (1, 1), "体别性"),
        unit("网格", "网格", Count, (1, 1), "员"),
        unit("个网格", "网格", Count, (1, 1), "员"),
        unit("社区", "社区", Count, (1, 1), ""),
    ];
    units.sort_by_key(|u| std::cmp::Reverse(u.word.chars().count()));
    units
});

/// Steps over the longest unit that stands at the cursor.
pub fn eat(c: &mut Cursor<'_>) -> Option<&'static Unit> {
    let units: &'static [Unit] = &UNITS;
    let first = c.peek(0);
    for unit in units {
        if !unit.word.starts_with(first) || !c.sees(unit.word) {
            continue;
        }
        let length = unit.word.chars().count();
        if !unit.not_before.is_empty() && unit.not_before.contains(c.peek(length)) {
            continue;
        }
        // "5m" is a length, "5mg" or "5min" is not.
        if unit.word.is_ascii() && c.peek(length).is_ascii_alphanumeric() {
            continue;
        }
        c.at += length;
        return Some(unit);
    }
    None
}

/// Units with which an answer only arranges its own words (分三步, 两种方式): a number there is not a claim of its own.
#[must_use]
pub fn arranges(canonical: &str) -> bool {
    matches!(canonical, "步" | "方面" | "种" | "类")
}
/// What a bare 个 may count without telling a fact.
pub const ABSTRACT: [&str; 20] = [
    "方面", "步骤", "问题", "原因", "办法", "方式", "渠道", "途径", "情况", "部分", "环节", "阶段", "要点", "选择", "方法",
    "关键", "条件", "重点", "角度", "地方",
];

/// Words that begin with a number word and tell no number.
pub const IDIOMS: &[&str] = &[
    "一般",
    "一起",
    "一定",
    "一些",
    "一下",
    "一样",
    "一直",
    "一切",
    "一边",
    "一面",
    "一旦",
    "一律",
    "一并",
    "一致",
    "一同",
    "一再",
    "一经",
    "一方面",
    "一概",
    "一时",
    "一贯",
    "一向",
    "一体",
    "一站",
    "一次性",
    "一网",
    "一窗",
    "一键",
    "一码",
    "一卡通",
    "一证",
    "一件事",
    "一对一",
    "一带",
    "一线",
    "一手",
    "一流",
    "一道",
    "一番",
    "一齐",
    "一来",
    "一共",
    "一度",
    "一成不变",
    "一家人",
    "一分为",
    "一年四季",
    "一年到头",
    "一天到晚",
    "一年一度",
    "一日三餐",
    "一点",
    "一举",
    "一味",
    "一如",
    "一心",
    "一口气",
    "一口价",
    "一个劲",
    "一会",
    "一系列",
    "一把手",
    "一门式",
    "一套班子",
    "一条龙",
    "一块儿",
    "一级响应",
    "一户一",
    "一人一",
    "一事一",
    "一车一",
    "一房一",
    "一楼一",
    "一项一",
    "一案一",
    "十分",
    "十足",
    "千万",
    "二维码",
    "二手",
    "二次供水",
    "二次加压",
    "二次装修",
    "二次伤害",
    "二次污染",
    "三轮",
    "三方",
    "三农",
    "三包",
    "三无",
    "四轮",
    "两者",
    "两旁",
    "两边",
    "两侧",
    "两地",
    "两会",
    "两违",
    "两面",
    "两头",
    "两手",
    "五保",
    "五险一金",
    "六一",
    "十字",
    "八方",
    "四方",
    "四处",
    "三角",
    "四周",
    "万一",
    "百分百",
    "九宫庙",
    "三番",
    "两口子",
    "两口",
    "一口",
    "四面",
    "三令",
    "五花",
    "七上",
    "百日",
    "百年",
    "千家",
    "万户",
    "万家",
    "一氧化碳",
    "二氧化碳",
    "半夜",
    "半数",
    "一条心",
    "三天两头",
    "一分钱",
    "一元化",
    "一号通",
    "一号文件",
    "十佳",
    "四季",
];
