//! Voice input: a recording becomes words under the rules of voice attachments, and is kept nowhere.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;

use crate::media::samples::{jpeg, mp4, opus, told_by, wav, webm};
use crate::support::app::TestApp;
use crate::support::fake_model::{FakeModel, Reply};
use crate::support::people::send_file;
use crate::support::wire::Answer;

async fn listening(fake: &FakeModel) -> TestApp {
    let url = fake.base_url();
    let app = TestApp::with().settings(move |s| {
        s.transcriber.base_url = Some(url.clone());
        "ears".clone_into(&mut s.transcriber.model);
        s.transcriber.api_key = Some(SecretString::from("key-of-the-ears"));
    });
    app.start().await
}

/// Somebody who has said nothing yet.
async fn stranger_speaks(app: &TestApp, query: &str, file: &[u8]) -> Answer {
    send_file(app.stranger().request(Method::POST, &format!("/api/v1/transcriptions{query}")), "speech", "audio/webm", file).await
}

fn words(text: &str) -> Reply {
    Reply::json(200, &json!({ "text": text }))
}

#[tokio::test]
async fn what_was_said_comes_back_as_words_and_nothing_is_kept() {
    let fake = FakeModel::with([words(" 楼道里有人飞线充电\n在九栋 "), words("再说一遍"), words("第三遍")]).await;
    let app = listening(&fake).await;
    assert_eq!(app.stranger().get("/api/v1/channels/default").await.expect(200)["voice_input"], json!(true));
    let resident = app.resident().await;
    assert_eq!(resident.speak(&webm(false, 9, true)).await.expect(200), json!({ "text": "楼道里有人飞线充电 在九栋" }));
    assert_eq!(stranger_speaks(&app, "", &opus(7)).await.expect(200)["text"], json!("再说一遍"));
    assert_eq!(stranger_speaks(&app, "?channel=default", &wav(3)).await.expect(200)["text"], json!("第三遍"));

    let asked = fake.requests();
    assert_eq!(asked[0].path, "/v1/audio/transcriptions");
    assert_eq!(asked[0].authorization.as_deref(), Some("Bearer key-of-the-ears"));
    let (kind, body) = &asked[0].raw;
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    let shown = String::from_utf8_lossy(body);
    for part in [
        "name=\"model\"\r\n\r\nears\r\n",
        "name=\"language\"\r\n\r\nzh\r\n",
        "filename=\"speech.webm\"\r\nContent-Type: audio/webm",
    ] {
        assert!(shown.contains(part), "{part:?} is in the form");
    }
    let edge = kind.split_once("boundary=").expect("a boundary").1;
    assert!(shown.ends_with(&format!("--{edge}--\r\n")), "the form is closed");
    assert_eq!(told_by(body), None, "what the device writes beside the sound does not travel");
    assert!(String::from_utf8_lossy(&asked[1].raw.1).contains("filename=\"speech.ogg\""));

    assert_eq!(app.count("SELECT COUNT(*) FROM attachments").await, 0, "no recording is kept");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM conversations").await,
        1,
        "whoever has said nothing yet gets no conversation by speaking"
    );
    let folder = app.data().join("attachments");
    let files = std::fs::read_dir(&folder).map_or(0, Iterator::count);
    assert_eq!(files, 0, "nothing lies in {}", folder.display());
}

#[tokio::test]
async fn what_is_no_short_voice_is_refused_before_anybody_hears_it() {
    let fake = FakeModel::start().await;
    let app = listening(&fake).await;
    let resident = app.resident().await;
    resident.speak(&wav(62)).await.refused(422, "invalid_attachment");
    resident.speak(&vec![0u8; 6 * 1024 * 1024]).await.refused(415, "unsupported_media_type");
    resident.speak(&[wav(3), vec![0; 5_300_000]].concat()).await.refused(413, "too_large");
    resident.speak(&jpeg(64, 48, None)).await.refused(415, "unsupported_media_type");
    resident.speak(&mp4(*b"isom", true, 3)).await.refused(415, "unsupported_media_type");
    resident.speak(b"").await.refused(422, "invalid_picture");
    resident.speak(&opus(3)[..100]).await.refused(422, "invalid_attachment");
    stranger_speaks(&app, "?channel=nowhere", &wav(1)).await.refused(404, "not_found");
    let bad_key = app.stranger().request(Method::POST, "/api/v1/transcriptions").bearer_auth("no-key");
    send_file(bad_key, "speech", "audio/wav", &wav(1)).await.refused(403, "forbidden");
    assert_eq!(fake.requests(), [], "none of it left the house");
}

#[tokio::test]
async fn a_transcriber_that_fails_says_so_in_words_and_is_asked_once_more() {
    let down = || Reply::json(503, &json!({ "error": "busy" }));
    let fake = FakeModel::with([
        down(),
        words("第二次听到了"),
        down(),
        down(),
        Reply::html(200),
        Reply::json(401, &json!({})),
        words(" \n "),
    ])
    .await;
    let app = listening(&fake).await;
    let resident = app.resident().await;
    assert_eq!(resident.speak(&wav(1)).await.expect(200)["text"], json!("第二次听到了"));
    for why in ["overloaded", "a portal's page", "a wrong key"] {
        let answer = resident.speak(&wav(1)).await;
        answer.refused(502, "transcription_failed");
        assert!(answer.text().contains("打字"), "{why}: {}", answer.text());
    }
    resident.speak(&wav(1)).await.refused(422, "nothing_heard");
    assert_eq!(fake.requests().len(), 7);
}

#[tokio::test]
async fn without_an_endpoint_there_is_no_voice_input() {
    let app = TestApp::start().await;
    assert_eq!(app.stranger().get("/api/v1/channels/default").await.expect(200)["voice_input"], json!(false));
    app.resident().await.speak(&wav(1)).await.refused(404, "not_found");
}

#[tokio::test]
async fn speaking_is_limited_per_conversation_and_per_address() {
    let fake = FakeModel::start().await;
    fake.otherwise(|_| words("好"));
    let url = fake.base_url();
    let app = TestApp::with().settings(move |s| {
        s.transcriber.base_url = Some(url.clone());
        "ears".clone_into(&mut s.transcriber.model);
        s.limits.loopback_exempt = false;
        s.limits.transcriptions_per_minute = 2;
    });
    let app = app.start().await;
    let (one, two) = (app.resident().await, app.resident().await);
    for _ in 0..2 {
        one.speak(&wav(1)).await.expect(200);
        stranger_speaks(&app, "", &wav(1)).await.expect(200);
    }
    one.speak(&wav(1)).await.refused(429, "rate_limited");
    stranger_speaks(&app, "", &wav(1)).await.refused(429, "rate_limited");
    two.speak(&wav(1)).await.expect(200);
}
