//! Names that somebody gives as their own or that stand behind a label. Nothing else is taken for a name: a place or a post is none.

use super::redact::in_name;

/// The common family names, most of the hundred families and a few more.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董潘袁于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟申耿柳焦左欧关柯祝霍涂耳滕甘路阮屈翁纪成游尤裴詹冉简舒凌骆费阎盛房项杭单包车苗柏瞿牟童穆辛管卜解鲍凤花柴明蒲宁臧应宗丛栾隋晏席褚敖蓝娄戚桂靳桑俞祁辜芦祖卞匡盘米麦佟宫冷邬虞党储占艾沙郎衣";
const COMPOUND: [&str; 20] = [
    "欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "宇文", "长孙", "端木",
    "南宫", "独孤", "百里", "轩辕", "申屠",
];
/// Behind these a name is given by its owner: it must begin with a family name.
const SELF: [&str; 16] = [
    "我的名字叫",
    "我的名字是",
    "我名字叫",
    "我名叫",
    "我的姓名是",
    "本人姓名",
    "本人名叫",
    "本人是",
    "本人叫",
    "我叫做",
    "我叫",
    "我是",
    "本人",
    "名字叫",
    "他叫",
    "她叫",
];
/// Behind these a name is written down.
const LABELS: [&str; 16] = [
    "联系人姓名",
    "报事人姓名",
    "联系人",
    "投诉人",
    "举报人",
    "申请人",
    "报事人",
    "反映人",
    "户主姓名",
    "户主",
    "业主姓名",
    "真实姓名",
    "姓名",
    "名字",
    "收件人",
    "署名",
];
/// Words that begin like a name and are none.
const NOT_NAMES: &[&str] = &[
    "曾多", "曾经", "曾向", "曾在", "曾于", "曾因", "曾打", "万分", "高度", "安排", "陈述", "成为", "周边", "时常", "严重",
    "严格", "许久", "程序", "于二", "于一", "于今", "于昨", "于去", "于前", "元月", "单独", "项目", "计划", "支持", "支付", "祝",
    "段时", "左右", "关心", "关于", "毛病", "喻", "古", "方便", "方法", "方面", "常住", "常常", "常年", "于是", "明天", "明确",
    "明明", "何时", "何人", "许多", "万一", "应该", "应当", "成都", "安全", "安装", "江北", "江南", "石桥", "钟点", "向你",
    "向您", "向街", "向社", "任何", "高层", "高中", "高兴", "高龄", "单身", "单亲", "单位", "房东", "房主", "车主", "花园",
    "白天",
];
/// What ends a name that runs on into the sentence.
const AFTER: &[&str] = &[
    "住在", "住", "是", "的", "在", "家", "要", "想", "来", "电话", "手机", "联系", "先生", "女士", "反映", "投诉", "举报",
    "咨询", "我", "，", "身份", "和", "有", "发现", "说", "今年", "今天", "报", "这", "号码", "男", "女", "从", "也", "就", "请",
    "户", "申请", "打", "你", "您", "们", "为", "对", "被", "因", "已", "到", "去", "给", "把", "让", "跟", "与", "同", "了",
    "吗", "呢", "吧", "啊", "几", "什", "现", "租", "买", "开",
];

/// Spans of the names in `raw`.
pub(super) fn find(raw: &[char]) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for at in 0..raw.len() {
        let own = SELF.iter().find(|w| starts(raw, at, w)).map(|w| (w.chars().count(), false));
        let labelled = LABELS.iter().find(|w| starts(raw, at, w)).map(|w| (w.chars().count(), true));
        let Some((length, label)) = own.or(labelled) else { continue };
        let mut start = at + length;
        let mut separated = false;
        while raw.get(start).is_some_and(|c| matches!(c, ':' | '：' | ' ' | '\u{3000}' | '是' | '为' | '叫'))
            && start < at + length + 4
        {
            separated |= matches!(raw[start], ':' | '：');
            start += 1;
        }
        if let Some(end) = name_end(raw, start, label && separated, label)
            && !out.iter().any(|(a, b)| start < *b && end > *a)
        {
            out.push((start, end));
        }
    }
    out
}

fn starts(raw: &[char], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(i, c)| raw.get(at + i) == Some(&c))
}

/// Where the name that starts at `start` ends. `sure`: a label with a colon stands before it, so what follows up to the
/// next sign is a name if it is short enough.
fn name_end(raw: &[char], start: usize, sure: bool, label: bool) -> Option<usize> {
    let run = raw[start.min(raw.len())..].iter().take(12).take_while(|c| in_name(**c)).count();
    let text = &raw[start.min(raw.len())..start.min(raw.len()) + run];
    if run < 2 || NOT_NAMES.iter().any(|w| starts(text, 0, w)) {
        return None;
    }
    let compound = COMPOUND.iter().any(|s| starts(text, 0, s));
    if !compound && !SURNAMES.contains(text[0]) {
        return None;
    }
    let (least, most) = if compound { (3, 4) } else { (2, 3) };
    // The name and nothing else up to the next sign.
    if (least..=most).contains(&run) && (sure || !is_word_tail(text)) {
        return Some(start + run);
    }
    // 张三住在七栋: the name ends where a word of the sentence begins. Long names first.
    for length in (least..=most).rev().filter(|l| *l < run) {
        let rest = &text[length..];
        if AFTER.iter().any(|w| starts(rest, 0, w)) && !is_word_tail(&text[..length]) {
            return Some(start + length);
        }
    }
    if sure || label {
        return (sure && run > most && run <= 4).then_some(start + most);
    }
    None
}

/// Ends like a post, a place or a kinship, not like a name: 我是石桥社区…, 我是高层住户.
fn is_word_tail(name: &[char]) -> bool {
    const TAILS: &str = "主户民员长师生工人区街路村镇市县楼栋家店院校厂司们的了吗呢吧啊么里上下这那个位来去说要住";
    name.last().is_some_and(|c| TAILS.contains(*c))
}
