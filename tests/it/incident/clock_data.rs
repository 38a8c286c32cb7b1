//! The tables of escalation, posts and pauses: what they mean, and what is found out at load.

use gridworker::incident::{
    clocks::Clocks,
    escalation::{ClockKind, Escalation, Posts, Receiver, Step},
    pauses::Pauses,
    ticket::Route,
};

use super::STREET;

const STEPS: &str = "applies_to,clock,offset_minutes,counting,step,to,words\n";
const POSTS: &str = "section,post,a_title,b_title,leader_title,centre_title\n";
const PAUSES: &str = "id,title,max_days,words\n";

#[test]
fn an_urgent_matter_is_told_to_four_people_within_twelve_minutes() {
    for clock in ["jinji-24h", "jinji-48h", "teji-4h"] {
        let rule = STREET.clocks.get(clock).expect("a clock of the street");
        let steps = STREET.escalation.steps(rule, ClockKind::受理);
        let told: Vec<(i64, Step, Receiver)> =
            steps.iter().map(|s| (rule.accept_minutes + s.offset_minutes, s.step, s.to)).collect();
        let expected = [
            (3, Step::提醒, Receiver::A岗),
            (5, Step::催办, Receiver::B岗),
            (8, Step::督办, Receiver::值班领导),
            (12, Step::督办, Receiver::指挥中心),
        ];
        assert_eq!(told, expected, "{clock}: minutes after the report");
    }
}

#[test]
fn a_clock_with_steps_of_its_own_does_not_use_those_of_its_urgency() {
    let rule = STREET.clocks.get("zixun-1d").expect("a clock of the street");
    let own = STREET.escalation.steps(rule, ClockKind::办结);
    assert_eq!(own.iter().map(|s| s.offset_minutes).collect::<Vec<_>>(), [-120, 0, 480], "its own for 办结");
    let shared = STREET.escalation.steps(rule, ClockKind::受理);
    assert_eq!(shared.len(), 4, "those of 一般 for 受理, where it has none");
}

#[test]
fn every_clock_of_the_street_is_told_to_somebody_above_when_it_runs_out() {
    for rule in STREET.clocks.rules() {
        for kind in ClockKind::ALL {
            let steps = STREET.escalation.steps(rule, kind);
            let above = steps.iter().any(|s| s.step == Step::督办 && s.to == Receiver::值班领导);
            assert!(above, "{} {}: nobody above is told", rule.id, kind.word());
        }
    }
}

#[test]
fn titles_come_from_the_section_and_the_post() {
    let title = |section: &str, post: &str, to| {
        let route = Route { section: section.to_owned(), post: post.to_owned(), ..Route::default() };
        STREET.posts.title(&route, to)
    };
    assert_eq!(title("经济发展", "城市更新岗", Receiver::A岗), "城市更新岗A岗");
    assert_eq!(title("经济发展", "城市更新岗", Receiver::B岗), "城市更新岗B岗");
    assert_eq!(title("经济发展", "城市更新岗", Receiver::值班领导), "经济发展板块值班领导");
    assert_eq!(title("平安法治", "应急岗", Receiver::值班领导), "街道应急值班领导", "a row of its own");
    assert_eq!(title("没有的板块", "没有的岗", Receiver::A岗), "流转调度岗A岗", "what is in no row goes to the dispatcher");
    assert_eq!(title("民生服务", "民政岗", Receiver::指挥中心), "街道基层治理指挥中心");
}

#[test]
fn wrong_rows_name_file_and_line() {
    let good = "一般,受理,0,工作时间,催办,A岗,x\n一般,办结,0,工作时间,催办,A岗,x\n紧急,受理,0,连续,催办,A岗,x\n紧急,办结,0,连续,催办,A岗,x\n\
                特急,受理,0,连续,催办,A岗,x\n特急,办结,0,连续,催办,A岗,x\n";
    let clocks: &Clocks = &STREET.clocks;
    assert!(Escalation::from_csv(&format!("{STEPS}{good}"), clocks).is_ok(), "the rows that the wrong ones are added to");
    for (row, word) in [
        ("很急,受理,0,连续,催办,A岗,x", "很急"),
        ("no-such-clock,受理,0,连续,催办,A岗,x", "no-such-clock"),
        ("一般,签收,0,连续,催办,A岗,x", "签收"),
        ("一般,受理,1,有时,催办,A岗,x", "有时"),
        ("一般,受理,1,连续,骂,A岗,x", "骂"),
        ("一般,受理,1,连续,催办,C岗,x", "C岗"),
        ("一般,受理,1,连续,催办,A岗,", "要说的话"),
        ("紧急,受理,1,工作时间,催办,A岗,x", "连续"),
        ("jinji-24h,受理,1,工作时间,催办,A岗,x", "连续"),
        ("一般,受理,-1,工作时间,督办,A岗,x", "督办"),
        ("一般,受理,0,工作时间,催办,A岗,y", "重复"),
        ("一般,受理,200000,连续,催办,A岗,x", "200000"),
    ] {
        let error = Escalation::from_csv(&format!("{STEPS}{good}{row}\n"), clocks).err().map(|e| e.to_string());
        let error = error.unwrap_or_else(|| panic!("{row} should be refused"));
        assert!(error.contains("escalation.csv 第8行") && error.contains(word), "{row}: {error}");
    }
    let nobody = good.replace("紧急,办结,0", "紧急,办结,-10");
    let error =
        Escalation::from_csv(&format!("{STEPS}{nobody}"), clocks).expect_err("urgent deadlines pass in silence").to_string();
    assert!(error.contains("jinji-24h") && error.contains("办结"), "{error}");

    for (rows, word) in [
        ("a,b,A,B,,C\n*,*,A,B,L,C\n", "第2行"),
        ("*,b,A,B,L,C\n", "第2行"),
        ("a,b,A,B,L,C\na,b,A,B,L,C\n", "第3行"),
        ("a,b,A,B,L,C\n", "*,*"),
    ] {
        let error = Posts::from_csv(&format!("{POSTS}{rows}")).expect_err("a wrong row").to_string();
        assert!(error.contains("posts.csv") && error.contains(word), "{rows}: {error}");
    }
    for (rows, word) in
        [("a,b,0,c\n", "第2行"), ("a,b,91,c\n", "第2行"), ("a,,3,c\n", "第2行"), ("a,b,3,c\na,b,3,c\n", "第3行"), ("", "至少")]
    {
        let error = Pauses::from_csv(&format!("{PAUSES}{rows}")).expect_err("a wrong row").to_string();
        assert!(error.contains("pauses.csv") && error.contains(word), "{rows}: {error}");
    }
}
