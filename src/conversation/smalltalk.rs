//! What is said without a matter: greetings, thanks, the time of day, anger. Fixed words, no search, no model.

use std::sync::LazyLock;

use jiff::Zoned;
use jiff::civil::Weekday;
use regex::Regex;

use crate::core::text::pattern;
use crate::incident::confirm::ConfirmWord;
use crate::incident::reading::plain;

/// Anger at whoever answers. 「垃圾」 alone is a matter.
static ANGRY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:(?:你们?|你个|你这个)(?:这些人?|这帮人|就是|都|全|真|简直|一个个|个个|是|的|们|尽|净)*(?:骗子|骗人|废物|垃圾|饭桶|傻[子瓜逼x]|神经病|混蛋|王八蛋|白痴|智障|蠢货|有病|没[得有]?用|不管事|吃干饭)",
        r"|(?:你们?|服务|态度)(?:的)?(?:服务|态度)?(?:也|真的?|实在|简直|硬是)*(?:太差劲?|差劲|太烂|太不行|太敷衍|敷衍|太垃圾)|骗子|废物|饭桶|傻[子瓜逼x]|神经病|混蛋|王八蛋|白痴|智障|蠢货|妈的|去死|滚)[的了啊吧嘛哦哟们东西,，。!！?？]*$",
    ))
});
/// 「不晓得」, when nothing was asked.
static KNOWS_NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^我?(?:也)?(?:不知道|不晓得|不清楚|说不清楚?|搞不懂|不懂|看不懂|听不懂|随便|忘了|记不得|记不到)(?:该)?(?:咋个?|怎么)?[说问办]?[了啊哦嘛吧的,，。!！?？]*$",
    )
});
/// About to ask, and not yet asking.
static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:你好|您好|喂)?[,，。 ]*(?:我)?(?:就)?(?:想|要|来)?(?:问|咨询|请教|打听)(?:你们?|您)?(?:一下|一哈|一个|哈子?|下|个|点)?(?:问题|事情?|情况)?[了啊嘛哦吧呢,，。!！?？]*$",
    )
});
/// Doubt about what was said.
static DOUBT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:我)?(?:才|都|就)?不(?:相信|信)(?:你们?|你们?说的)?[了啊的嘛。!！]*$|^(?:你们?)?(?:刚才)?(?:说|讲|答)的(?:话)?(?:是)?(?:真的?|准|可信|靠谱|对|骗人的?|假的?|乱说的?)(?:不|吗|么|啊|嘛|不嘛|不哦)*[?？。!！]*$",
    )
});
/// What day, what time.
static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:请问)?(?:今天|现在|今儿|此刻)(?:是)?(?:几月)?(?:几号|几日|星期几|礼拜几|周几|多少号|什么日子|啥子?日子|几点钟?|什么时间|啥子?时候|好多号|好多点)[了呢啊嘛呀?？]*$|^几点钟?了[?？]?$",
    )
});

/// A gridworker looks for the own work.
static OWN_WORK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:我|今天|现在|手上|手头|还)*(?:有|剩|还有|还剩)?(?:哪些|几张|几个|几件|几户|多少|什么|啥子?|好多)(?:任务|工单|单子|走访|待办|活|没办|要走访|要办)[^,，。]{0,6}$",
        r"|^(?:我的|今天的)?(?:任务|待办|工单列表|走访计划)[?？]*$",
    ))
});

/// Where a gridworker finds it: the tabs of `/worker`.
pub(super) const OWN_WORK_IS: &str = "您网格里的工单在下面的“工单”里，超时的、待回访的分开列；今天要走访的在“走访”里。";

/// Whether a gridworker asks what there is to do.
pub(super) fn asks_for_own_work(said: &str) -> bool {
    OWN_WORK.is_match(&plain(said))
}

/// Words of another language: several, and not one Chinese character.
pub(super) fn is_foreign(said: &str) -> bool {
    let han = said.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    !han && said.split_whitespace().filter(|w| w.chars().filter(char::is_ascii_alphabetic).count() > 1).count() >= 3
}

/// Numbers first: nobody who cannot be understood may be left without them.
pub(super) const FOREIGN: &str = "Emergency: fire 119, ambulance 120, police 110.\n\
    我只看得懂中文。请用中文说说是什么事、在哪里，或者拨打12345。\n\
    I can only read Chinese. Please write in Chinese, or call 12345.";

/// Anger at whoever answers, and nothing else: no report of anybody.
pub(super) fn is_angry(said: &str) -> bool {
    ANGRY.is_match(&plain(said))
}

/// The answer to words that name no matter while no draft is open: a 确认 or 取消 of nothing, anger, 「不晓得」, the clock.
pub(super) fn of_no_matter(said: &str, now: &Zoned) -> Option<String> {
    let folded = plain(said);
    if CLOCK.is_match(&folded) {
        return Some(clock(now));
    }
    if ANGRY.is_match(&folded) {
        return Some(
            "对不住，让您不满意了。是什么事、在哪里，您说一说，我帮您登记上报；想找人，说“转人工”，或者拨打12345。".to_owned(),
        );
    }
    if DOUBT.is_match(&folded) {
        return Some(
            "我的回答都摘自有出处的资料，点回答里的〔1〕可以看原文、文号和有效期。还不放心，可以拨打12345，或者说“转人工”。"
                .to_owned(),
        );
    }
    if BEGINS.is_match(&folded) {
        return Some("您请说。政策、办事、身边的事都可以问，比如“低保怎么申请”。".to_owned());
    }
    if KNOWS_NOTHING.is_match(&folded) {
        return Some("没关系，慢慢想。您可以直接说发生了什么事、在哪里，也可以问政策，比如“低保怎么申请”。".to_owned());
    }
    match ConfirmWord::read(said)? {
        ConfirmWord::Yes if is_heard(said) || said.contains('谢') => None,
        ConfirmWord::Yes => Some("现在没有等您确认的事。要报什么，跟我说是什么事、在哪里就行。".to_owned()),
        ConfirmWord::Cancel => Some("放心，现在没有正在报的事，什么都没有提交。".to_owned()),
    }
}

fn clock(now: &Zoned) -> String {
    let day = match now.weekday() {
        Weekday::Monday => "一",
        Weekday::Tuesday => "二",
        Weekday::Wednesday => "三",
        Weekday::Thursday => "四",
        Weekday::Friday => "五",
        Weekday::Saturday => "六",
        Weekday::Sunday => "日",
    };
    format!("今天是{}年{}月{}日，星期{day}，现在{}点{:02}分。", now.year(), now.month(), now.day(), now.hour(), now.minute())
}

/// Greetings, thanks, who are you.
pub(super) fn reply(said: &str, street: &str, draft_is_open: bool) -> String {
    let has = |words: &[&str]| words.iter().any(|w| said.contains(w));
    if has(&["真人", "机器人", "你是谁", "你是哪个", "人工智能"]) {
        format!("我是{street}的虚拟数字网格员，是人工智能，不是真人。要找人，说“转人工”，或者拨打12345。")
    } else if has(&["谢", "辛苦", "麻烦了"]) {
        "不客气。还有别的事，随时跟我说。".to_owned()
    } else if has(&["再见", "拜拜", "没事了", "没有了"]) {
        "好的，祝您生活愉快。有事随时找我，也可以拨打12345。".to_owned()
    } else if has(&["🔥", "🚒", "🆘", "🚑", "🩸"]) {
        "是着火了，还是有人受伤？着火马上打119，有人受伤打120。别的事，跟我说是什么事、在哪里。".to_owned()
    } else if draft_is_open {
        "我在。".to_owned()
    } else if is_heard(said) {
        "好的。还有什么事，随时跟我说。".to_owned()
    } else if !said.chars().any(char::is_alphanumeric) {
        "我没看明白。您打几个字，说说是什么事、在哪里，就行。".to_owned()
    } else {
        format!(
            "您好，我是{street}的虚拟数字网格员。您可以问我政策和办事的问题，也可以告诉我身边发生了什么事、在哪里，我帮您登记上报。"
        )
    }
}

/// 好的, 知道了: heard, nothing more wanted.
fn is_heard(said: &str) -> bool {
    let word: String = said.chars().filter(|c| c.is_alphanumeric()).collect();
    matches!(
        word.as_str(),
        "好" | "好的"
            | "好嘞"
            | "好吧"
            | "嗯"
            | "嗯嗯"
            | "哦"
            | "噢"
            | "行"
            | "行吧"
            | "ok"
            | "OK"
            | "知道了"
            | "明白"
            | "明白了"
            | "收到"
            | "可以"
            | "要得"
    )
}
