//! Photos, voice and video on their way: counted, shown to whoever has the right, added later, pushed under neutral names, damaged.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gridworker::identity::{Role, Scope};
use gridworker::sandbox::Faults;
use reqwest::Method;
use serde_json::{Value, json};

use crate::media::samples::{self, exif_of_the_street, jpeg, mp4, opus, told_by, wav, webm};
use crate::support::app::TestApp;
use crate::support::people::Resident;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const FACADE: &str = "铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道";

fn photo() -> Vec<u8> {
    jpeg(640, 480, Some(exif_of_the_street()))
}

async fn sent(resident: &Resident, file: &[u8]) -> String {
    id_of(&resident.upload("name-of-the-owner.bin", "application/octet-stream", file).await.expect(201))
}

fn id_of(kept: &Value) -> String {
    kept["attachment_id"].as_str().expect("an id").to_owned()
}

async fn staff_upload(staff: &Staff, file: &[u8]) -> Answer {
    let head = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"name-of-the-owner\"\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--edge--\r\n"].concat();
    let request = staff.request(Method::POST, "/api/v1/worker/attachments");
    Answer::of(request.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await).await
}

fn number_of(ticket: &Value) -> String {
    ticket["number"].as_str().expect("a number").to_owned()
}

async fn add(resident: &Resident, number: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/tickets/{number}/attachments");
    Answer::of(resident.request(Method::POST, &path).json(body).send().await).await
}

/// A file on disk.
fn on_disk(app: &TestApp, id: &str) -> PathBuf {
    app.data().join("attachments").join(&id[id.len() - 2..]).join(id)
}

fn wants_attachments() -> crate::support::app::Builder {
    TestApp::with().settings(|s| s.platform.attachments = true)
}

/// What the platform has of a ticket: each attachment as the board lists it, and its bytes.
async fn at_platform(app: &TestApp, ticket: &Value) -> Vec<(Value, Vec<u8>)> {
    let platform = app.platform();
    let number = platform.number_of(ticket).await;
    let get = async |tail: &str| {
        let address = platform.address.read().expect("no test panics with the lock").to_string();
        let url = format!("http://{address}/platform/board/incidents/{number}{tail}");
        Answer::of(platform.http.get(url).send().await).await
    };
    let detail = get("").await.expect(200);
    let mut out = Vec::new();
    for listed in detail["attachments"].as_array().expect("a list") {
        let file = get(&format!("/attachments/{}", listed["id"].as_str().expect("an id"))).await;
        assert_eq!(file.status, 200, "{listed}");
        out.push((listed.clone(), file.bytes.clone()));
    }
    out
}

#[tokio::test]
async fn lying_oversized_and_endless_files_are_refused_with_words_and_nothing_changes() {
    let app = TestApp::with()
        .settings(|s| {
            s.attachments.max_voice_bytes = 100_000;
            s.attachments.max_video_bytes = 200_000;
        })
        .start()
        .await;
    let resident = app.resident().await;
    resident.say(FACADE).await;
    let before = resident.history().await;
    let film = mp4(*b"isom", true, 5);
    let mut large = film.clone();
    large.resize(250_000, 0);
    for (name, file, status, code, words) in [
        ("half.mp4", film[..film.len() / 2].to_vec(), 422, "invalid_attachment", "视频文件已损坏"),
        ("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec(), 415, "unsupported_media_type", "HEIC"),
        ("long.mp4", mp4(*b"isom", true, 40), 422, "invalid_attachment", "30秒"),
        ("long.ogg", opus(90), 422, "invalid_attachment", "60秒"),
        ("large.wav", wav(30), 413, "too_large", "语音不能超过97KB"),
        ("large.mp4", large, 413, "too_large", "视频不能超过195KB"),
        (
            "a.mp4",
            b"MZ\x90\0 a program that calls itself a film, and says so in its name".to_vec(),
            415,
            "unsupported_media_type",
            "MP4",
        ),
        ("a.wav", wav(1)[..4_000].to_vec(), 422, "invalid_attachment", "语音文件已损坏"),
    ] {
        let problem = resident.upload(name, "video/mp4", &file).await.refused(status, code);
        assert!(problem["detail"].as_str().is_some_and(|d| d.contains(words)), "{name}: {problem}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM attachments").await, 0);
    assert!(!app.data().join("attachments").exists(), "nothing is on disk");
    assert_eq!(resident.history().await, before, "the conversation and its draft are as they were");
}

#[tokio::test]
async fn voice_and_video_are_kept_played_in_parts_and_run_nothing() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    for (file, kind, content_type, ending) in [
        (opus(5), "voice", "audio/ogg", "ogg"),
        (wav(2), "voice", "audio/wav", "wav"),
        (mp4(*b"isom", true, 5), "video", "video/mp4", "mp4"),
        (webm(true, 5, true), "video", "video/webm", "webm"),
    ] {
        let kept = resident.upload("x", "text/html", &file).await.expect(201);
        assert_eq!((&kept["kind"], &kept["content_type"]), (&json!(kind), &json!(content_type)), "{kept}");
        assert!(kept["duration_ms"].as_u64().is_some_and(|ms| ms <= 5_000), "{kept}");
        assert!(kept.get("width").is_none() && kept.get("position").is_none(), "{kept}");
        let path = format!("/api/v1/attachments/{}", id_of(&kept));
        let whole = resident.get(&path).await;
        assert_eq!((whole.status, whole.header("content-type")), (200, content_type));
        assert_eq!(told_by(&whole.bytes), None, "{content_type}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "private, no-store"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("accept-ranges", "bytes"),
            ("content-disposition", &format!("inline; filename=\"attachment.{ending}\"")),
        ] {
            assert_eq!(whole.header(name), value, "{name} of {content_type}");
        }
        for (range, status, from, to) in [
            ("bytes=10-19", 206, 10, 20),
            ("bytes=-5", 206, whole.bytes.len() - 5, whole.bytes.len()),
            ("bytes=0-1,4-5", 200, 0, whole.bytes.len()),
        ] {
            let part = Answer::of(resident.request(Method::GET, &path).header("range", range).send().await).await;
            assert_eq!((part.status, &part.bytes[..]), (status, &whole.bytes[from..to]), "{range} of {content_type}");
        }
        let beyond = Answer::of(resident.request(Method::GET, &path).header("range", "bytes=99999999-").send().await).await;
        beyond.refused(416, "range_not_satisfiable");
        assert_eq!(beyond.header("content-range"), format!("bytes */{}", whole.bytes.len()));
        resident.get(&format!("{path}?size=thumb")).await.refused(404, "not_found");
        resident.get(&format!("{path}?size=huge")).await.refused(400, "invalid_parameter");
    }
    let kept = sent(&resident, &photo()).await;
    let small = resident.get(&format!("/api/v1/attachments/{kept}?size=thumb")).await;
    assert_eq!((small.status, small.header("content-type")), (200, "image/jpeg"));
    let small = image::load_from_memory(&small.bytes).expect("a picture");
    assert_eq!((small.width(), small.height()), (320, 240));
}

#[tokio::test]
async fn counts_hold_for_a_message_a_draft_and_a_ticket_together() {
    let app = TestApp::with()
        .settings(|s| {
            s.attachments.max_per_message = 3;
            s.attachments.max_per_ticket = 4;
            s.attachments.max_videos_per_ticket = 1;
        })
        .start()
        .await;
    let resident = app.resident().await;
    let mut photos = Vec::new();
    for n in 0..5 {
        photos.push(sent(&resident, &jpeg(40 + n, 30, None)).await);
    }
    let films = [sent(&resident, &mp4(*b"isom", true, 3)).await, sent(&resident, &webm(true, 3, false)).await];
    let of = |list: &[&String]| list.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    let show =
        async |words: &str, list: Vec<String>| resident.show(words, &list.iter().map(String::as_str).collect::<Vec<_>>()).await;
    show("看图", of(&[&photos[0], &photos[1], &photos[2], &photos[3]])).await.refused(422, "invalid_body");
    show("看", of(&[&films[0], &films[1]])).await.refused(422, "too_many_attachments");
    assert_eq!(resident.history().await["messages"], json!([]), "what is refused is not said");

    let turn = show(FACADE, of(&[&photos[0], &films[0]])).await.expect(200);
    assert_eq!(turn["card"]["draft"]["attachments"], json!([photos[0], films[0]]), "{turn}");
    let problem = show("还有", of(&[&films[1]])).await.refused(422, "too_many_attachments");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("1段视频")), "{problem}");
    show("还有", of(&[&photos[1], &photos[2], &photos[3]])).await.refused(422, "too_many_attachments");
    let turn = show("这里还有一张", of(&[&photos[1], &photos[1], &photos[0]])).await.expect(200);
    assert_eq!(turn["card"]["draft"]["attachments"], json!([photos[0], films[0], photos[1]]), "each once: {turn}");
    let patch = json!({ "attachments": [films[0], films[1]] });
    let problem = resident.patch(&patch).await.refused(422, "invalid_draft");
    assert!(problem.to_string().contains("1段视频"), "{problem}");

    let receipt = finished(&resident, &turn).await;
    let number = number_of(&receipt["ticket"]);
    add(&resident, &number, &json!({ "attachments": [photos[2], photos[3]] })).await.refused(422, "too_many_attachments");
    add(&resident, &number, &json!({ "attachments": [films[1]] })).await.refused(422, "too_many_attachments");
    add(&resident, &number, &json!({ "attachments": [] })).await.refused(422, "invalid_body");
    let story = add(&resident, &number, &json!({ "attachments": [photos[2]] })).await.expect(200);
    assert_eq!(story["ticket"]["attachments"], json!([photos[0], films[0], photos[1], photos[2]]), "{story}");
}

/// Answers what is still asked and confirms.
async fn finished(resident: &Resident, turn: &Value) -> Value {
    let mut turn = turn.clone();
    for _ in 0..6 {
        if turn["card"]["complete"] == json!(true) {
            return resident.confirm().await.expect(201);
        }
        turn = resident.say("没有人受伤，下面是通道").await;
    }
    panic!("the draft is still not complete: {turn}");
}

#[tokio::test]
async fn where_a_photo_was_taken_is_an_offer() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let kept = resident.upload("a.jpg", "image/jpeg", &photo()).await.expect(201);
    assert_eq!(kept["position"]["system"], "wgs84", "{kept}");
    assert_eq!((kept["position"]["lat"].as_f64(), kept["position"]["lng"].as_f64()), (Some(29.4817), Some(106.4906)), "{kept}");
    let id = id_of(&kept);
    let read = resident.get(&format!("/api/v1/attachments/{id}")).await;
    assert_eq!(told_by(&read.bytes), None, "the kept file tells neither place nor device");
    let turn = resident.show(FACADE, &[&id]).await.expect(200);
    assert!(turn["reply"]["text"].as_str().is_some_and(|t| t.contains("用照片的位置")), "it is offered: {turn}");
    assert_eq!(turn["card"]["photo_position"], kept["position"], "{turn}");
    assert!(turn["card"]["draft"]["place"].get("point").is_none(), "an offer is no answer: {turn}");
    let asked = resident.say("照片的位置能不能用？").await;
    assert!(asked["card"]["draft"]["place"].get("point").is_none(), "a question takes nothing: {asked}");
    let taken = resident.say("用照片的位置").await;
    assert_eq!(
        taken["card"]["draft"]["place"]["point"],
        json!({ "lat": 29.4817, "lng": 106.4906, "system": "wgs84" }),
        "{taken}"
    );
    assert!(taken["card"].get("photo_position").is_none(), "answered: {taken}");

    let other = app.resident().await;
    let id = sent(&other, &photo()).await;
    let turn = other.show(FACADE, &[&id]).await.expect(200);
    let receipt = finished(&other, &turn).await;
    assert!(receipt["ticket"]["place"].get("point").is_none(), "without a word nothing of it is in the ticket: {receipt}");
    assert!(receipt["ticket"].get("photo_position").is_none());
}

#[tokio::test]
async fn a_platform_gets_no_name_and_no_place_from_a_file() {
    let app = wants_attachments().start().await;
    let resident = app.resident().await;
    let files = [photo(), opus(4), mp4(*b"isom", true, 4)];
    let mut ids = Vec::new();
    for file in &files {
        ids.push(sent(&resident, file).await);
    }
    let turn = resident.show(FACADE, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await.expect(200);
    let ticket = finished(&resident, &turn).await["ticket"].clone();
    app.delivered().await;
    let got = at_platform(&app, &ticket).await;
    let names: Vec<&str> = got.iter().filter_map(|(listed, _)| listed["file_name"].as_str()).collect();
    assert_eq!(names, ["附件1.jpg", "附件2.ogg", "附件3.mp4"], "{names:?}");
    for (listed, bytes) in &got {
        assert_eq!(listed["bytes"], bytes.len(), "{listed}");
        assert_eq!(told_by(bytes), None, "{listed} tells who or where");
        assert_eq!(told_by(listed.to_string().as_bytes()), None, "{listed}");
    }
}

#[tokio::test]
async fn the_voice_of_somebody_who_is_kept_secret_is_not_pushed_by_itself() {
    let app = wants_attachments().start().await;
    let resident = app.resident().await;
    let ids = [sent(&resident, &photo()).await, sent(&resident, &opus(4)).await, sent(&resident, &mp4(*b"isom", true, 3)).await];
    let turn = resident.show(FACADE, &[&ids[0], &ids[1], &ids[2]]).await.expect(200);
    resident.patch(&json!({ "kind": "举报" })).await.expect(200);
    let ticket = finished(&resident, &turn).await["ticket"].clone();
    assert_eq!(ticket["confidential"], true, "{ticket}");
    app.delivered().await;
    let names: Vec<Value> = at_platform(&app, &ticket).await.into_iter().map(|(listed, _)| listed["file_name"].clone()).collect();
    assert_eq!(names, [json!("附件1.jpg")], "the photo goes, the recordings wait for a person");
    let dead = "SELECT COUNT(*) FROM outbox WHERE kind = 'attachment' AND state = 'dead' AND reason LIKE '%声音%'";
    assert_eq!(app.count(dead).await, 2);

    let url = |id: &str| format!("/api/v1/worker/tickets/{}/attachments/{id}", number_of(&ticket));
    let heard = "SELECT COUNT(*) FROM audit_log WHERE action = 'identity.read'";
    let (worker, centre) = (app.staff(&[Role::Gridworker]).await, app.staff(&[Role::Dispatcher]).await);
    assert_eq!(worker.get(&url(&ids[0])).await.status, 200, "a photo has no voice");
    for id in &ids[1..] {
        worker.get(&url(id)).await.refused(403, "forbidden");
    }
    assert_eq!(app.count(heard).await, 0);
    for (n, id) in (1..).zip(&ids[1..]) {
        assert_eq!(centre.get(&url(id)).await.status, 200);
        assert_eq!(app.count(heard).await, n, "each hearing is written down");
    }
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_damaged_and_never_pushed() {
    let app = wants_attachments().start().await;
    let resident = app.resident().await;
    let id = sent(&resident, &photo()).await;
    let turn = resident.show(FACADE, &[&id]).await.expect(200);
    app.faults(Faults { down: true, ..Faults::default() });
    let ticket = finished(&resident, &turn).await["ticket"].clone();
    let path = on_disk(&app, &id);
    let mut bytes = std::fs::read(&path).expect("the file is on disk");
    bytes[30] ^= 1;
    std::fs::write(&path, &bytes).expect("a changed file");
    let problem = resident.get(&format!("/api/v1/attachments/{id}")).await.refused(500, "attachment_damaged");
    assert!(problem["title"].as_str().is_some_and(|t| t.contains("损坏")), "{problem}");
    app.faults(Faults::default());
    app.delivered().await;
    assert_eq!(at_platform(&app, &ticket).await, [], "a broken file is not sent");
    let dead = "SELECT COUNT(*) FROM outbox WHERE kind = 'attachment' AND state = 'dead' AND reason LIKE '%损坏%'";
    assert_eq!(app.count(dead).await, 1, "a dead letter says why");
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox WHERE kind = 'incident' AND state = 'delivered'").await, 1);
    // The small picture lies by itself and is whole.
    assert_eq!(resident.get(&format!("/api/v1/attachments/{id}?size=thumb")).await.status, 200);
    std::fs::remove_file(&path).expect("the file is on disk");
    resident.get(&format!("/api/v1/attachments/{id}")).await.refused(500, "attachment_damaged");
}

#[tokio::test]
async fn something_more_for_a_ticket_on_its_way() {
    let app = wants_attachments().start().await;
    let (resident, other) = (app.resident().await, app.resident().await);
    let ticket = resident.report_facade().await;
    let number = number_of(&ticket);
    app.told().await;
    let id = sent(&resident, &photo()).await;
    let foreign = sent(&other, &photo()).await;
    add(&other, &number, &json!({ "attachments": [foreign] })).await.refused(404, "not_found");
    add(&resident, &number, &json!({ "attachments": [foreign] })).await.refused(422, "invalid_body");
    let body = json!({ "attachments": [id], "note": "又掉了一块，name在楼道口" });
    let story = add(&resident, &number, &body).await.expect(200);
    assert_eq!(story["ticket"]["attachments"], json!([id]), "{story}");
    assert_eq!(story["added"][0]["attachments"], json!([id]), "{story}");
    assert_eq!((&story["added"][0]["by"], &story["added"][0]["note"]), (&json!("居民"), &body["note"]), "{story}");
    let again = add(&resident, &number, &body).await.expect(200);
    assert_eq!(again["added"], story["added"], "twice is as once");
    app.delivered().await;
    let sent_as = "SELECT COUNT(*) FROM outbox WHERE state = 'delivered' AND kind IN ('update', 'attachment')";
    assert_eq!(app.count(sent_as).await, 2, "the platform was told, and got the file");
    let got = at_platform(&app, &ticket).await;
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!(got[0].0["file_name"], "附件1.jpg");
    assert_eq!(app.count("SELECT COUNT(*) FROM ticket_evidence WHERE note LIKE '%又掉了%'").await, 0, "words lie sealed");

    let ended =
        Answer::of(resident.request(Method::POST, &format!("/api/v1/tickets/{number}/withdraw")).json(&json!({})).send().await)
            .await;
    ended.expect(200);
    let late = sent(&resident, &jpeg(50, 50, None)).await;
    let problem = add(&resident, &number, &json!({ "attachments": [late] })).await.refused(409, "conflict");
    assert!(problem["detail"].as_str().is_some_and(|d| d.contains("撤销")), "{problem}");
}

#[tokio::test]
async fn a_photo_is_added_by_words_and_asked_about_when_there_are_several_tickets() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let first = resident.report_facade().await;
    let id = sent(&resident, &photo()).await;
    let turn = resident.show("补一张照片", &[&id]).await.expect(200);
    assert_eq!(turn["route"], "progress", "{turn}");
    assert_eq!(turn["card"]["ticket"]["attachments"], json!([id]), "{turn}");
    assert!(turn["reply"]["text"].as_str().is_some_and(|t| t.contains("1张照片") && t.contains(&number_of(&first))), "{turn}");

    resident.say("铂金云鼎小区2栋门口路灯坏了").await;
    let second = resident.confirm().await.expect(201)["ticket"].clone();
    let film = sent(&resident, &mp4(*b"isom", true, 4)).await;
    let asked = resident.show("再发一段视频", &[&film]).await.expect(200);
    assert_eq!(asked["card"]["kind"], "choices", "several are open: {asked}");
    assert_eq!(asked["card"]["options"].as_array().map(Vec::len), Some(2), "{asked}");
    let answered = resident.say(&number_of(&second)).await;
    assert_eq!(answered["card"]["ticket"]["number"], second["number"], "{answered}");
    assert_eq!(answered["card"]["ticket"]["attachments"], json!([film]), "{answered}");
    // Without a word of adding, a photo is a matter of its own.
    let new = sent(&resident, &jpeg(60, 60, None)).await;
    let turn = resident.show("小区大门口有人乱扔建筑垃圾", &[&new]).await.expect(200);
    assert_eq!(turn["card"]["kind"], "draft", "{turn}");
    resident.cancel().await.expect(200);
}

#[tokio::test]
async fn staff_see_what_belongs_to_their_tickets_and_bring_something_back() {
    let app = TestApp::start().await;
    let within = |community: &str| Scope { communities: BTreeSet::from([community.to_owned()]), grids: BTreeSet::new() };
    let (resident, other) = (app.resident().await, app.resident().await);
    let id = sent(&resident, &photo()).await;
    let turn = resident.show(FACADE, &[&id]).await.expect(200);
    let ticket = finished(&resident, &turn).await["ticket"].clone();
    let another = other.report_facade().await;
    app.told().await;
    let own = app.staff_within(&[Role::Gridworker], within("锦凤社区")).await;
    let outside = app.staff_within(&[Role::Gridworker], within("桂语社区")).await;
    let of = |ticket: &Value, id: &str| format!("/api/v1/worker/tickets/{}/attachments/{id}", number_of(ticket));
    let seen = own.get(&of(&ticket, &id)).await;
    assert_eq!((seen.status, seen.header("content-type")), (200, "image/jpeg"));
    assert_eq!(seen.header("cache-control"), "private, no-store");
    assert_eq!(own.get(&format!("{}?size=thumb", of(&ticket, &id))).await.status, 200);
    own.get(&of(&another, &id)).await.refused(404, "not_found");
    outside.get(&of(&ticket, &id)).await.refused(404, "not_found");
    app.stranger().get(&of(&ticket, &id)).await.refused(401, "unauthenticated");

    let brought = staff_upload(&own, &photo()).await.expect(201);
    assert!(brought.get("position").is_none(), "staff are not told where they were: {brought}");
    let brought = id_of(&brought);
    staff_upload(&own, b"just text that is no picture at all, and longer than a head of a file")
        .await
        .refused(415, "unsupported_media_type");
    let moves = format!("/api/v1/worker/tickets/{}/moves", number_of(&ticket));
    let step = |ids: &[&String]| json!({ "to": "处置中", "note": "已到现场", "attachments": ids });
    own.post(&moves, &step(&[&id])).await.refused(422, "invalid_body");
    app.staff_within(&[Role::Gridworker], within("锦凤社区"))
        .await
        .post(&moves, &step(&[&brought]))
        .await
        .refused(422, "invalid_body");
    let path = format!("/api/v1/attachments/{brought}");
    resident.get(&path).await.refused(404, "not_found");
    let moved = own.post(&moves, &step(&[&brought])).await.expect(200);
    assert_eq!(moved["attachments"], json!([id, brought]), "{moved}");
    app.told().await;
    let history = resident.history().await;
    let news = history["messages"].as_array().expect("messages").iter().rev().find(|m| m["role"] == "news").expect("news");
    assert_eq!(news["attachments"], json!([brought]), "the move is shown with what came back: {news}");
    assert_eq!(resident.get(&path).await.status, 200, "and can be opened");
    other.get(&path).await.refused(404, "not_found");
    let story = own.get(&format!("/api/v1/worker/tickets/{}", number_of(&ticket))).await.expect(200);
    assert_eq!(
        (&story["added"][0]["with_move"], &story["added"][0]["attachments"]),
        (&json!(true), &json!([brought])),
        "{story}"
    );
    // A second tap changes nothing; a later file without a move is added.
    let again = own.post(&moves, &step(&[&brought])).await.expect(200);
    assert_eq!(again["attachments"], json!([id, brought]), "{again}");
    let later = id_of(&staff_upload(&own, &samples::webm(true, 3, false)).await.expect(201));
    let more = own.post(&moves, &step(&[&later])).await.expect(200);
    assert_eq!(more["attachments"], json!([id, brought, later]), "{more}");
    let shown = resident.get(&format!("/api/v1/tickets/{}", number_of(&ticket))).await.expect(200);
    assert_eq!(shown["added"].as_array().map(Vec::len), Some(2), "{shown}");
    app.delivered().await;
}
