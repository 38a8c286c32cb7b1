//! Attachments: checked, stored once, shown as what they are.

use base64::Engine as _;
use gridworker::sandbox::Faults;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Stage;
use crate::platform::support::fresh;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn attachment(id: &str, key: &str, name: &str, kind: &str, content: &[u8]) -> Value {
    json!({
        "attachment_id": id, "idempotency_key": key, "file_name": name, "content_type": kind, "bytes": content.len(),
        "sha256": hex::encode(Sha256::digest(content)),
        "content": base64::engine::general_purpose::STANDARD.encode(content),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_shown_and_everything_else_is_a_download() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let page: &[u8] = b"<script>alert(1)</script>";
    for (name, said, content, shown, way) in [
        ("外墙.png", "image/png", PNG, "image/png", "inline"),
        ("a.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 and so on", "image/jpeg", "inline"),
        ("a.webp", "image/webp", b"RIFF\x04\0\0\0WEBPVP8 ", "image/webp", "inline"),
        ("录音.mp3", "audio/mpeg", b"ID3 and so on", "application/octet-stream", "attachment"),
        ("a.html", "text/html", page, "application/octet-stream", "attachment"),
        ("liar.png", "image/png", page, "application/octet-stream", "attachment"),
        ("a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream", "attachment"),
        ("a\"\r\nb.png", "image/png", PNG, "image/png", "inline"),
    ] {
        let id = fresh().to_string();
        let (status, answer) = stage.about("k1", "attachments", &id, &attachment(&id, "k1", name, said, content)).await;
        assert_eq!((status, &answer), (StatusCode::CREATED, &json!({"external_no": no, "status": "received"})), "{name}");
        let got = stage.http.get(stage.url(&format!("/board/incidents/{no}/attachments/{id}"))).send().await.expect("answered");
        assert_eq!(got.status(), 200, "{name}");
        let header = |name: &str| got.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), shown, "{name}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{name}");
        assert!(header("content-disposition").starts_with(&format!("{way}; filename*=UTF-8''")), "{name}");
        assert_eq!(got.bytes().await.expect("the content"), content, "{name}: byte for byte");
    }
    let card = stage.card(&no).await;
    assert_eq!(card["attachments"].as_array().map(Vec::len), Some(8));
    assert_eq!(card["attachments"][0]["sha256"], hex::encode(Sha256::digest(PNG)));
    assert_eq!(stage.get(&format!("/board/incidents/{no}/attachments/{}", fresh())).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attachment_is_stored_once_and_proven() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let id = fresh().to_string();
    let body = attachment(&id, "k1", "外墙.png", "image/png", PNG);
    let first = stage.about("k1", "attachments", &id, &body).await;
    assert_eq!(first.0, 201);
    stage.press(&no, "accept", &json!({})).await;
    assert_eq!(stage.about("k1", "attachments", &id, &body).await, (StatusCode::CONFLICT, first.1), "with the same body");
    assert_eq!(stage.card(&no).await["attachments"].as_array().map(Vec::len), Some(1));
    let (_, all) = stage.get("/api/v1/incidents/k1/received").await;
    let arrived = all["attachments"].as_array().expect("arrivals");
    assert_eq!(arrived.len(), 2);
    for one in arrived {
        assert_eq!((&one["file_name"], &one["bytes"], &one["sha256"]), (&body["file_name"], &body["bytes"], &body["sha256"]));
        assert!(one["fields"].get("content").is_none(), "the content itself is not repeated");
        assert!(one["headers"].get("webhook-signature").is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_is_refused() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    let id = fresh().to_string();
    let good = attachment(&id, "k1", "外墙.png", "image/png", PNG);
    for (name, value, code) in [
        ("bytes", json!(PNG.len() + 1), "length_differs"),
        ("sha256", json!("0".repeat(64)), "hash_differs"),
        ("content", json!("###"), "malformed_attachment"),
        ("content", Value::Null, "malformed_attachment"),
        ("file_name", json!(""), "malformed_attachment"),
        ("file_name", json!("长".repeat(201)), "malformed_attachment"),
        ("bytes", json!("many"), "malformed_attachment"),
        ("attachment_id", json!(fresh().to_string()), "id_mismatch"),
        ("idempotency_key", json!("k2"), "id_mismatch"),
    ] {
        let mut body = good.clone();
        body[name] = value.clone();
        let (status, said) = stage.about("k1", "attachments", &id, &body).await;
        assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)), "{name} = {value}");
    }
    assert_eq!(stage.about("nobody", "attachments", &id, &attachment(&id, "nobody", "a", "a", PNG)).await.0, 404);
    assert_eq!(stage.card(&no).await["attachments"], json!([]), "nothing of it was stored");
    assert_eq!(stage.about("k1", "attachments", &id, &good).await.0, 201, "the good one is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_attachment_is_taken_and_a_larger_one_is_not() {
    let stage = Stage::new(Faults::default(), None);
    stage.stored("k1").await;
    let id = fresh().to_string();
    let large = vec![7u8; 30 * 1024 * 1024];
    let (status, said) =
        stage.about("k1", "attachments", &id, &attachment(&id, "k1", "a.bin", "application/x-bin", &large)).await;
    assert_eq!(status, 201, "30 MiB: {said}");
    let id = fresh().to_string();
    let larger = vec![7u8; 33 * 1024 * 1024];
    let body = attachment(&id, "k1", "a.bin", "application/x-bin", &larger).to_string();
    let refused =
        stage.http.post(stage.url("/api/v1/incidents/k1/attachments")).header("idempotency-key", &id).body(body).send().await;
    // The platform may hang up before the whole body is sent.
    assert!(refused.is_err() || refused.is_ok_and(|a| a.status() == 413), "33 MiB are more than 42 MiB as base64");
    let mut push = super::incident(2);
    push["description"] = "长".repeat(400 * 1024).into();
    let body = push.to_string();
    let refused = stage.http.post(stage.url("/api/v1/incidents")).header("idempotency-key", "k2").body(body).send().await;
    assert!(refused.is_err() || refused.is_ok_and(|a| a.status() == 413), "other calls keep their small limit");
}
