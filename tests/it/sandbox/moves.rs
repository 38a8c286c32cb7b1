//! Legal moves are a table; returns have a reviewer, extensions a limit.

use gridworker::sandbox::{Faults, Move, State};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, hours_ahead, instant, words};

/// The shortest way of moves from received to each state.
fn way_to(state: State) -> &'static [&'static str] {
    match state {
        State::Received => &[],
        State::Accepted => &["accept"],
        State::Assigned => &["accept", "assign"],
        State::InProgress => &["accept", "start"],
        State::Extended => &["accept", "extend"],
        State::Resolved => &["accept", "resolve"],
        State::Returned => &["return"],
        State::Merged => &["merge"],
        State::Closed => &["accept", "close"],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_move_in_every_state_is_made_or_refused() {
    let stage = Stage::new(Faults::default(), None);
    let mut legal = Vec::new();
    for state in State::ALL {
        for step in Move::all() {
            let no = stage.stored(&format!("{}-{}", state.word(), step.word())).await;
            for word in way_to(state) {
                let (status, _) = stage.post(&format!("/board/incidents/{no}/{word}"), &words(word)).await;
                assert_eq!(status, 200, "{word} on the way to {}", state.word());
            }
            let (status, said) = stage.post(&format!("/board/incidents/{no}/{}", step.word()), &words(step.word())).await;
            if status == 200 {
                assert_eq!(said["state"], step.leads_to(state).word());
                legal.push(format!("{} -{}-> {}", state.word(), step.word(), step.leads_to(state).word()));
            } else {
                assert_eq!((status, &said["code"]), (StatusCode::CONFLICT, &json!("illegal_move")));
                let (_, now) = stage.get(&format!("/api/v1/incidents/{no}")).await;
                assert_eq!(now["status"], state.word(), "a refused move changes nothing");
            }
        }
    }
    insta::assert_snapshot!(legal.join("\n"), @r"
    received -accept-> accepted
    received -return-> returned
    received -merge-> merged
    accepted -assign-> assigned
    accepted -start-> in_progress
    accepted -resolve-> resolved
    accepted -close-> closed
    accepted -extend-> extended
    accepted -return-> returned
    accepted -merge-> merged
    assigned -start-> in_progress
    assigned -resolve-> resolved
    assigned -close-> closed
    assigned -extend-> extended
    assigned -return-> returned
    assigned -merge-> merged
    in_progress -resolve-> resolved
    in_progress -close-> closed
    in_progress -extend-> extended
    in_progress -return-> returned
    in_progress -merge-> merged
    extended -assign-> assigned
    extended -start-> in_progress
    extended -resolve-> resolved
    extended -close-> closed
    extended -ask_extension-> extended
    extended -return-> returned
    extended -merge-> merged
    returned -agree_return-> assigned
    returned -refuse_return-> assigned
    returned -merge-> merged
    resolved -close-> closed
    ");
}

#[test]
fn every_move_has_its_line() {
    for step in Move::all() {
        assert_eq!(step.rule().step, step, "a line of its own");
        assert_eq!(Move::from_word(step.word()), Some(step), "and a word of its own");
        assert!(!step.rule().from.is_empty(), "{} can be made somewhere", step.word());
    }
    assert_eq!(Move::from_word("forget"), None, "no move takes the address of the button that loses an incident");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_is_reviewed_by_the_command_centre() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let (status, said) = stage.post(&format!("/board/incidents/{no}/return"), &json!({})).await;
    assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("note_missing")), "a return has a reason");
    let back = stage.press(&no, "return", &json!({"note": "不属于本岗位职责"})).await;
    assert_eq!((&back["state"], &back["returns"]), (&json!("returned"), &json!(1)));
    assert_eq!(back["moves"], json!(["agree_return", "refuse_return", "merge"]), "only the reviewer goes on");

    let (status, _) = stage.post(&format!("/board/incidents/{no}/refuse_return"), &json!({})).await;
    assert_eq!(status, 422, "a refusal has a reason");
    let kept = stage.press(&no, "refuse_return", &json!({"note": "属于本岗位职责"})).await;
    assert_eq!((&kept["state"], &kept["post"]), (&json!("assigned"), &json!("应急管理岗")), "back to its post");
    assert_eq!(kept["handler"], "指挥中心审核岗");

    stage.press(&no, "return", &json!({"note": "经核查属市容环境"})).await;
    for (to, code) in [
        (json!({}), "post_missing"),
        (json!({"section": "平安法治", "post": "应急管理岗"}), "post_same"),
        (json!({"section": "平安法治", "post": "没有的岗"}), "unknown_post"),
    ] {
        let (status, said) = stage.post(&format!("/board/incidents/{no}/agree_return"), &to).await;
        assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)), "{to}");
    }
    let moved = stage.press(&no, "agree_return", &json!({"section": "民生服务", "post": "市容环境岗"})).await;
    assert_eq!((&moved["section"], &moved["post"]), (&json!("民生服务"), &json!("市容环境岗")), "another post has it");
    assert_eq!(
        (&moved["state"], &moved["returns"], &moved["on_duty"]),
        (&json!("assigned"), &json!(2), &json!("市容环境岗（A岗）"))
    );
    let history = stage.card(&no).await["history"].clone();
    let lines: Vec<&str> = history.as_array().expect("lines").iter().map(|l| l["what"].as_str().expect("a word")).collect();
    assert_eq!(lines, ["pushed", "return", "refuse_return", "return", "agree_return"]);
    assert!(history[4]["note"].as_str().is_some_and(|t| t.contains("民生服务·市容环境岗")), "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_extension_needs_the_leader() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    stage.press(&no, "accept", &json!({})).await;
    for (said, code) in [
        (json!({}), "note_missing"),
        (json!({"note": "等待材料", "until": "明天"}), "until_invalid"),
        (json!({"note": "等待材料", "until": "2020-01-01T00:00:00Z"}), "until_invalid"),
        (json!({"note": "等待材料", "until": hours_ahead(24 * 400)}), "until_invalid"),
    ] {
        let (status, answer) = stage.post(&format!("/board/incidents/{no}/extend"), &said).await;
        assert_eq!((status, &answer["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)), "{said}");
    }
    let first = hours_ahead(48);
    let longer = stage.press(&no, "extend", &json!({"note": "等待材料", "until": first})).await;
    assert_eq!((&longer["state"], &longer["extensions"]), (&json!("extended"), &json!(1)));
    assert_eq!(instant(&longer["resolve_by"]).as_second(), instant(&json!(first)).as_second(), "the clock runs to the new time");
    stage.press(&no, "start", &json!({})).await;
    let (status, _) = stage.post(&format!("/board/incidents/{no}/extend"), &words("extend")).await;
    assert_eq!(status, 409, "a second one is not the post's to take");

    let (status, said) =
        stage.post(&format!("/board/incidents/{no}/ask_extension"), &json!({"note": "仍缺材料", "until": first})).await;
    assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("until_invalid")), "later than it was");
    let second = hours_ahead(96);
    // Nobody says until when: one day more than there is.
    let day = stage.press(&no, "ask_extension", &json!({"note": "仍缺材料"})).await;
    let more = instant(&day["asked"]["until"]).duration_since(instant(&longer["resolve_by"])).as_hours();
    assert_eq!(more, 24, "{day}");
    let refused = stage.press(&no, "refuse_extension", &json!({"note": "请写明时限"})).await;
    assert_eq!(refused["resolve_by"], longer["resolve_by"], "refused, it gives nothing");
    let asked = stage.press(&no, "ask_extension", &json!({"note": "仍缺材料", "until": second})).await;
    assert_eq!((&asked["state"], &asked["extensions"]), (&json!("in_progress"), &json!(1)), "asking changes nothing yet");
    assert_eq!(asked["asked"]["note"], "仍缺材料");
    assert_eq!(asked["resolve_by"], longer["resolve_by"]);
    stage.stored("k2").await;
    let (_, board) = stage.get("/board/incidents?asked=true").await;
    assert_eq!(board["counts"]["asked"], 1, "the leader sees that somebody waits");
    assert_eq!(board["incidents"].as_array().map(Vec::len), Some(1), "and who it is");
    assert_eq!(board["incidents"][0]["external_no"], json!(no));
    let (status, _) = stage.post(&format!("/board/incidents/{no}/ask_extension"), &words("ask_extension")).await;
    assert_eq!(status, 409, "one question at a time");

    let refused = stage.press(&no, "refuse_extension", &json!({"note": "请按期办结"})).await;
    assert_eq!((&refused["asked"], &refused["resolve_by"]), (&Value::Null, &longer["resolve_by"]));
    stage.press(&no, "ask_extension", &json!({"note": "连日下雨", "until": second})).await;
    let granted = stage.press(&no, "approve_extension", &json!({})).await;
    assert_eq!(
        (&granted["state"], &granted["extensions"], &granted["handler"]),
        (&json!("extended"), &json!(2), &json!("值班领导"))
    );
    assert_eq!((&granted["note"], &granted["asked"]), (&json!("连日下雨"), &Value::Null));
    assert_eq!(instant(&granted["resolve_by"]).as_second(), instant(&json!(second)).as_second());
}
