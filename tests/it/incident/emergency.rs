//! Emergencies: what is one, what only sounds like one.

use std::time::Instant;

use gridworker::incident::{ticket::Urgency, urgency};

use super::{STREET, all_hold};

/// Text and the number that must come first.
const NOW: &[(&str, &str)] = &[
    ("有人受伤了，快来，谁来管一下", "120"),
    ("着火了", "119"),
    ("着火了怎么办", "119"),
    ("3栋着火了快来人", "119"),
    ("楼下烧烤店着火了", "119"),
    ("电瓶车起火了，楼道里全是烟", "119"),
    ("厨房烧起来了", "119"),
    ("家里好大的煤气味", "119"),
    ("楼道里天然气泄漏", "119"),
    ("有人晕倒了，叫不醒", "120"),
    ("老人摔倒起不来了", "120"),
    ("流了好多血", "120"),
    ("有人触电了", "120"),
    ("有小孩掉到河里了", "110"),
    ("电梯困人了", "119"),
    ("我被困电梯里了", "119"),
    ("电梯把我妈困到里头了", "119"),
    ("电梯又把两个老人困在里面，快来", "119"),
    ("电梯早上就坏了，现在电梯把我妈困住了", "119"),
    ("路口撞到人了", "122"),
    ("有人拿刀砍人", "110"),
    ("正在打架，打起来了", "110"),
    ("有小偷在撬门", "110"),
    ("隔壁男的正在打老婆", "110"),
    ("有人要跳楼", "110"),
    ("我不想活了", "110"),
    ("孩子走丢了", "110"),
    ("挡土墙垮了压到人了", "119"),
    ("煤气中毒了", "120"),
    ("瓷砖掉下来砸到人了", "120"),
    ("现在又着火了，跟去年一样", "119"),
    ("没想到着火了", "119"),
    ("着火了！！！救命", "119"),
    ("著火了", "119"),
    ("着 火 了", "119"),
];

const NOT: &[&str] = &[
    "当义工受伤了算谁的",
    "上班受伤了算哪个的",
    "楼上掉东西砸到人，谁出钱",
    "消防通道能不能停车",
    "以前着过火",
    "去年这里着火了",
    "楼顶有瓷砖掉下来了，没有人受伤",
    "没有着火",
    "没着火，只是烧烤的烟",
    "如果着火了怎么办",
    "万一起火了往哪里跑",
    "明天消防演练，着火了怎么逃",
    "怎么预防煤气泄漏",
    "防溺水宣传什么时候办",
    "担心电瓶车起火了",
    "有没有人受伤",
    "楼上漏水",
    "消防栓坏了",
    "小区门口乱停车",
    "电梯坏了，没有人被困电梯",
    "电梯没有困住人，就是不走",
    "电梯老是停半路，差点把人困住",
    "电梯坏了，我们困在楼上下不去",
    "上个月电梯困住过人，物业不修",
    "打架斗殴怎么处罚",
    "跳楼价大甩卖的喇叭太吵",
    "被楼上扔的东西砸伤了，应该找谁赔偿",
    "盗窃和抢劫有什么区别？",
    "你好",
    "",
];

#[test]
fn what_happens_now_is_an_emergency_with_the_right_number_first() {
    let mut failures = Vec::new();
    for (text, tel) in NOW {
        match STREET.emergencies.detect(text) {
            Some(e) if e.numbers.first().is_some_and(|n| n.tel == *tel) && !e.advice.is_empty() && !e.why.is_empty() => {}
            other => failures.push(format!("  {text} → {other:?}, wanted {tel}")),
        }
    }
    all_hold(&failures, NOW.len());
}

#[test]
fn denied_past_imagined_and_asked_is_none() {
    let mut failures = Vec::new();
    for text in NOT {
        if let Some(e) = STREET.emergencies.detect(text) {
            failures.push(format!("  {text} → {} ({})", e.id, e.why));
        }
    }
    all_hold(&failures, NOT.len());
}

#[test]
fn a_fallen_tile_without_anyone_hurt_is_urgent_and_no_emergency() {
    let text = "铂金云鼎1栋出入平台掉瓷砖了，没有人受伤";
    assert_eq!(STREET.emergencies.detect(text), None);
    let leaf = STREET.taxonomy.get("010101").expect("the shipped taxonomy has 外墙瓷砖脱落");
    let (level, reason) = urgency::judge(text, Some(leaf), None, None);
    assert_eq!(level, Urgency::紧急, "{reason}");
    assert!(!reason.contains("受伤"), "a denied word is no reason: {reason}");
}

#[test]
fn an_ordinary_matter_becomes_urgent_by_a_word_and_says_so() {
    let leaf = STREET.taxonomy.get("020102").expect("the shipped taxonomy has 道路破损");
    let (calm, _) = urgency::judge("路面有个小坑", Some(leaf), None, None);
    let (urgent, reason) = urgency::judge("路面有个坑，旁边的墙随时可能垮塌", Some(leaf), None, None);
    assert_eq!(calm, Urgency::一般);
    assert_eq!(urgent, Urgency::紧急);
    assert!(reason.contains("随时可能") || reason.contains("垮塌"), "the reason names the word: {reason}");
}

#[test]
fn detection_takes_microseconds() {
    let text = "我住在古渡春色七栋，昨天晚上十点多楼下烧烤店的油烟又飘上来了，窗户都不敢开，希望你们派人来看看";
    let _ = STREET.emergencies.detect(text);
    let rounds = 300;
    let start = Instant::now();
    for _ in 0..rounds {
        let _ = std::hint::black_box(STREET.emergencies.detect(std::hint::black_box(text)));
    }
    let each = start.elapsed() / rounds;
    // Unoptimised builds on a loaded machine are slow; a scan that reads every rule would take milliseconds.
    assert!(each.as_micros() < 1000, "one message took {each:?}");
    eprintln!("emergency detection: {each:?} per message");
}
