//! No personal data in any request to a model, over a long conversation full of it.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::fake_model::{FakeModel, Reply};

/// What the resident says of their own, each as it must never leave the house.
const PERSONAL: [&str; 17] = [
    "13900001111",
    "139 0000 2222",
    "139-0000-3333",
    "一三九零零零零四四四四",
    "023-68901234",
    "500104199001011234",
    "50010419900101123X",
    "渝A12345",
    "渝AD12345",
    "渝A·54321",
    "1203室",
    "501室",
    "3-1-1204",
    "-1305",
    "张三",
    "李小四",
    "6222021234567890123",
];

const TALK: [&str; 23] = [
    "你好，我叫张三，住铂金云鼎小区7栋2单元1203室，电话13900001111",
    "高龄津贴一个月多少钱",
    "那要带什么材料呢，我身份证500104199001011234",
    "我妈的身份证是50010419900101123X，她八十一岁，高龄津贴去哪里申请",
    "还有，办好了打139 0000 2222 或者139-0000-3333",
    "居住证怎么办，我的车渝A12345也要登记吗",
    "楼上501室晚上太吵怎么办，张三已经说过了",
    "楼下路灯坏了好几天没人修，联系人：李小四 一三九零零零零四四四四",
    "铂金云鼎小区7栋门口",
    "晚上看不见路，1203室的老人摔过",
    "对，就是张三反映的那个",
    "不是7栋是9栋",
    "高龄津贴张三能领吗",
    "那多久到账，打到卡6222021234567890123上",
    "算了，不报了",
    "渝AD12345和渝A·54321一直占着消防通道，没人管",
    "在铂金云鼎小区3栋，我住3-1-1204",
    "座机023-68901234也能找到我",
    "我家是3-1305，也可以上门",
    "车主是501室的",
    "那居住证多久能拿到呢",
    "李小四问高龄津贴一个月多少钱",
    "我的电话是多少，我住几栋几室",
];

#[tokio::test]
async fn no_request_carries_what_is_the_residents_own() {
    let fake = FakeModel::start().await;
    fake.otherwise(|body| {
        let system = body["messages"][0]["content"].as_str().unwrap_or_default();
        let user = body["messages"].as_array().and_then(|m| m.last()).and_then(|m| m["content"].as_str()).unwrap_or_default().to_owned();
        if system.contains("改写成一句") {
            return Reply::says(&[user.trim_start_matches("追问：").trim_end_matches("改写：").trim()]);
        }
        if system.contains("摘出事件要素") {
            // A model that repeats everything that it was told.
            let said = json!({ "description": user.chars().take(60).collect::<String>(), "place": null, "category": "999999", "people_affected": null, "kind": null });
            return Reply::says(&[&said.to_string()]);
        }
        Reply::says(&["您说的是：", &user, "。请到社区登记〔1〕。"])
    });
    let app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    for words in TALK {
        let turn = resident.say(words).await;
        assert_ne!(turn["reply"]["text"], "", "「{words}」 is answered");
    }
    let bodies = fake.bodies();
    assert!(bodies.len() >= 15, "the model was asked often enough to prove something: {}", bodies.len());
    let purposes = |mark: &str| bodies.iter().filter(|b| b.to_string().contains(mark)).count();
    for (mark, what) in [
        ("编号的资料", "answers"),
        ("改写成一句", "rewrites"),
        ("摘出事件要素", "extractions"),
        ("上面的输出不合要求", "repairs"),
    ] {
        assert!(purposes(mark) >= 1, "the conversation should lead to {what}: {}", bodies.len());
    }
    for body in &bodies {
        let text = body.to_string();
        for value in PERSONAL {
            assert!(!text.contains(value), "「{value}」 left the house in {text}");
            let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
            let bare: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
            assert!(bare.len() < 8 || !plain.contains(&bare), "「{value}」 left the house in another spelling: {text}");
        }
    }
    assert!(bodies.iter().any(|b| b.to_string().contains("〔电话1〕")), "placeholders stand in its place");
    assert!(bodies.iter().any(|b| b.to_string().contains("7栋")), "building and unit stay: the routing needs them");
}

#[tokio::test]
async fn a_ticket_holds_what_the_model_never_saw() {
    let fake = FakeModel::start().await;
    fake.otherwise(|body| {
        let system = body["messages"][0]["content"].as_str().unwrap_or_default();
        assert!(system.contains("摘出事件要素"), "only the extraction is asked here");
        Reply::says(&[&json!({ "description": "〔门牌1〕门口的路灯不亮，〔姓名1〕反映", "place": null, "category": null, "people_affected": null, "kind": "求助" }).to_string()])
    });
    let app = TestApp::with().model(&fake).may_leave_pending().start().await;
    let resident = app.resident().await;
    resident.say("我叫张三，1203室门口路灯坏了好几天没人修，电话13900001111").await;
    let turn = resident.say("铂金云鼎小区7栋").await;
    assert!(
        !turn.to_string().contains('〔') || !turn["card"]["draft"].to_string().contains("〔姓名"),
        "placeholders are turned back in the draft: {turn}"
    );
    for _ in 0..3 {
        if resident.history().await["draft"]["complete"] == json!(true) {
            break;
        }
        resident.say("就是路灯不亮").await;
    }
    let ticket = resident.confirm().await.expect(201)["ticket"].clone();
    assert_eq!(ticket["reporter"]["phone"], "13900001111", "{ticket}");
    assert!(!ticket["description"].as_str().is_some_and(|d| d.contains('〔')), "{ticket}");
    for body in fake.bodies() {
        for value in ["13900001111", "张三", "1203"] {
            assert!(!body.to_string().contains(value), "{value} left the house: {body}");
        }
    }
}
