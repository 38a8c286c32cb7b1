//! Values out of a model.

use gridworker::llm::extract::{ExtractError, extract, first_object};
use gridworker::llm::openai::OpenAiChat;
use gridworker::llm::port::Structured;
use gridworker::llm::settings::LlmSettings;
use gridworker::llm::{ChatModel, JsonSchema, LlmError};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{question, settings};
use crate::support::fake_model::{FakeModel, Reply};

#[derive(Debug, Deserialize, PartialEq)]
struct Slots {
    place: String,
    floor: u8,
}

fn schema() -> JsonSchema {
    JsonSchema {
        name: "slots".to_owned(),
        schema: json!({"type": "object", "properties": {"place": {"type": "string"}, "floor": {"type": "integer"}}}),
    }
}

fn rule(slots: &Slots) -> Result<(), String> {
    if slots.floor > 40 { Err(format!("floor 不能是 {}", slots.floor)) } else { Ok(()) }
}

fn model(fake: &FakeModel, structured: Structured) -> OpenAiChat {
    OpenAiChat::new(&LlmSettings { structured, ..settings(fake) }).expect("valid settings")
}

async fn extracted(fake: &FakeModel, structured: Structured) -> Result<Slots, ExtractError> {
    extract(&model(fake, structured), question(), &schema(), rule).await
}

fn seven() -> Slots {
    Slots { place: "7栋".to_owned(), floor: 3 }
}

#[tokio::test]
async fn a_schema_is_sent_when_the_endpoint_promises_to_follow_it() {
    let fake = FakeModel::with([Reply::says(&[r#"{"place":"7栋","floor":3}"#])]).await;
    assert_eq!(extracted(&fake, Structured::JsonSchema).await, Ok(seven()));
    let body = &fake.bodies()[0];
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "slots", "schema": schema().schema, "strict": true}})
    );
    assert_eq!(body["messages"], json!(question().messages), "the prompt goes out as it is");
}

#[tokio::test]
async fn a_refused_promise_falls_back_to_json_mode_then_to_text_and_is_remembered() {
    let refused = || Reply::json(400, &json!({"error": {"message": "response_format is not supported", "code": 400}}));
    let answer = || Reply::says(&["好的：```json\n{\"place\":\"7栋\",\"floor\":3}\n```"]);
    let fake = FakeModel::with([refused(), refused(), answer(), answer()]).await;
    let model = model(&fake, Structured::JsonSchema);
    for _ in 0..2 {
        assert_eq!(extract(&model, question(), &schema(), rule).await, Ok(seven()));
    }
    let kinds: Vec<Value> = fake.bodies().iter().map(|body| body["response_format"]["type"].clone()).collect();
    assert_eq!(
        kinds,
        [json!("json_schema"), json!("json_object"), Value::Null, Value::Null],
        "the second request knows what was refused"
    );
    assert_eq!(model.structured(), Structured::Text);
    for body in &fake.bodies()[1..] {
        let rules = body["messages"][0]["content"].as_str().unwrap_or_default();
        assert!(
            rules.contains("JSON Schema") && rules.contains("\"floor\""),
            "without schema support the schema stands in the rules: {rules}"
        );
    }
}

#[tokio::test]
async fn a_prompt_that_is_refused_in_every_shape_proves_nothing_about_the_promises() {
    let fake = FakeModel::with((0..3).map(|_| Reply::json(400, &json!({})))).await;
    let model = model(&fake, Structured::JsonSchema);
    assert_eq!(extract(&model, question(), &schema(), rule).await, Err(ExtractError::Model(LlmError::Permanent { status: 400 })));
    assert_eq!(model.structured(), Structured::JsonSchema);
}

#[tokio::test]
async fn one_repair_tells_the_model_what_was_wrong() {
    let good = r#"{"place":"7栋","floor":3}"#;
    let cases = [
        ("no JSON", "我不知道。", "没有完整的 JSON 对象"),
        ("half an object", r#"{"place":"7栋","#, "没有完整的 JSON 对象"),
        ("a missing field", r#"{"place":"7栋"}"#, "missing field `floor`"),
        ("a wrong type", r#"{"place":"7栋","floor":"三"}"#, "invalid type"),
        ("a forbidden value", r#"{"place":"7栋","floor":99}"#, "floor 不能是 99"),
    ];
    for (name, bad, hint) in cases {
        let fake = FakeModel::with([Reply::says(&[bad]), Reply::says(&[good])]).await;
        assert_eq!(extracted(&fake, Structured::JsonObject).await, Ok(seven()), "{name}");
        let messages = fake.bodies()[1]["messages"].as_array().cloned().unwrap_or_default();
        assert_eq!(messages.len(), 4, "{name}: rules, question, bad answer, what was wrong");
        assert_eq!(messages[2], json!({"role": "assistant", "content": bad}), "{name}");
        let told = messages[3]["content"].as_str().unwrap_or_default();
        assert!(told.contains(hint), "{name}: the model should be told {hint:?}, it was told {told:?}");
    }
}

#[tokio::test]
async fn two_flawed_answers_are_enough() {
    let cases = [
        ("不知道", ExtractError::NotJson),
        (r#"{"place": "MARK-9"}"#, ExtractError::Fields),
        (r#"{"place": "MARK-9", "floor": 99}"#, ExtractError::Values),
    ];
    for (bad, expected) in cases {
        let fake = FakeModel::with([Reply::says(&[bad]), Reply::says(&[bad])]).await;
        let error = extracted(&fake, Structured::Text).await.expect_err(bad);
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains("MARK-9"), "the answer leaked into the error");
    }
}

#[test]
fn the_first_object_is_found_in_whatever_surrounds_it() {
    let object = json!({"a": {"b": "}"}, "c": [1, "{"]});
    let text = object.to_string();
    let cases = [
        text.clone(),
        format!("好的，结果如下：\n```json\n{text}\n```\n希望有帮助 {{}}"),
        format!("<think>先想 {{\"x\":1}}</think>{text}"),
        format!("先想 {{\"x\":1}}</think>\n{text}"),
        format!("形如 {{…}} 的结果：{text}"),
        format!("{text}{text}"),
    ];
    for said in cases {
        assert_eq!(first_object(&said), Some(object.clone()), "{said}");
    }
    for said in ["", "[1,2]", "{", "{\"a\":", "{'a':1}", "无"] {
        assert_eq!(first_object(said), None, "{said}");
    }
}

proptest! {
    #[test]
    fn any_object_survives_prose_around_it(keys in proptest::collection::btree_map("[a-z]{1,6}", "\\PC{0,20}", 0..5), before in "[^{]{0,40}", after in "\\PC{0,40}") {
        let object = json!(keys);
        prop_assume!(!format!("{object}{after}").contains("</think>"));
        prop_assert_eq!(first_object(&format!("{before}{object}{after}")), Some(object));
    }

    #[test]
    fn no_text_makes_the_search_panic(said in "[{}\\[\\]\":,a0 \\\\\\n中</think>]{0,200}") {
        if let Some(found) = first_object(&said) {
            prop_assert!(found.is_object());
        }
    }
}
