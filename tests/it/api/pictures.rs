//! Photos: proved, freed of what they tell in secret, readable by whoever may read the conversation, gone with it.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use img_parts::ImageEXIF as _;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::webp::WebP;
use reqwest::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::wire::Answer;

/// Words that no kept file may hold.
const SECRET: &[u8] = b"N29.4817E106.4906-secret";

/// 40 × 20, the left half red, the right half blue.
fn picture(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) });
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("an encoder");
    out.into_inner()
}

/// A TIFF block with an orientation, a GPS latitude and the secret words as its reference.
fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [tag.to_be_bytes().to_vec(), kind.to_be_bytes().to_vec(), count.to_be_bytes().to_vec(), value.to_vec()].concat()
    };
    let gps_at = 8u32 + 2 + 2 * 12 + 4;
    tiff.extend(2u16.to_be_bytes());
    tiff.extend(entry(0x0112, 3, 1, [(orientation >> 8) as u8, orientation as u8, 0, 0]));
    tiff.extend(entry(0x8825, 4, 1, gps_at.to_be_bytes()));
    tiff.extend(0u32.to_be_bytes());
    let words_at = gps_at + 2 + 12 + 4;
    tiff.extend(1u16.to_be_bytes());
    tiff.extend(entry(0x001d, 2, SECRET.len() as u32, words_at.to_be_bytes()));
    tiff.extend(0u32.to_be_bytes());
    tiff.extend(SECRET);
    tiff
}

fn holds_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|w| w == SECRET) || bytes.windows(4).any(|w| w == b"Exif" || w == b"eXIf")
}

fn jpeg_with_secrets(orientation: u16) -> Vec<u8> {
    let mut jpeg = Jpeg::from_bytes(picture(ImageFormat::Jpeg).into()).expect("a JPEG");
    jpeg.set_exif(Some(exif(orientation).into()));
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat();
    jpeg.segments_mut().insert(0, JpegSegment::new_with_contents(markers::APP1, xmp.into()));
    jpeg.segments_mut().insert(0, JpegSegment::new_with_contents(markers::APP13, SECRET.to_vec().into()));
    jpeg.segments_mut().insert(0, JpegSegment::new_with_contents(markers::COM, SECRET.to_vec().into()));
    // A motion photo: something more behind the end of the picture.
    [jpeg.encoder().bytes().to_vec(), SECRET.to_vec()].concat()
}

fn png_with_secrets() -> Vec<u8> {
    let mut png = Png::from_bytes(picture(ImageFormat::Png).into()).expect("a PNG");
    let at = png.chunks().len() - 1;
    png.chunks_mut().insert(at, PngChunk::new(*b"tEXt", [b"Comment\0".as_slice(), SECRET].concat().into()));
    png.chunks_mut().insert(at, PngChunk::new(*b"eXIf", exif(1).into()));
    png.chunks_mut().insert(at, PngChunk::new(*b"prVt", SECRET.to_vec().into()));
    [png.encoder().bytes().to_vec(), SECRET.to_vec()].concat()
}

fn webp_with_secrets() -> Vec<u8> {
    let mut webp = WebP::from_bytes(picture(ImageFormat::WebP).into()).expect("a WebP");
    webp.set_exif(Some(exif(1).into()));
    [webp.encoder().bytes().to_vec(), SECRET.to_vec()].concat()
}

#[tokio::test]
async fn what_a_photo_tells_in_secret_is_gone() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    for (name, kind, file, size) in [
        ("straight.jpg", "image/jpeg", jpeg_with_secrets(1), (40, 20)),
        ("on-its-side.jpg", "image/jpeg", jpeg_with_secrets(6), (20, 40)),
        ("a.png", "image/png", png_with_secrets(), (40, 20)),
        ("a.webp", "image/webp", webp_with_secrets(), (40, 20)),
    ] {
        assert!(holds_secret(&file), "{name} holds the secret before");
        let kept = resident.upload(name, "application/octet-stream", &file).await.expect(201);
        assert_eq!(
            (&kept["content_type"], &kept["width"], &kept["height"]),
            (&json!(kind), &json!(size.0), &json!(size.1)),
            "{name}: {kept}"
        );
        let path = format!("/api/v1/attachments/{}", kept["attachment_id"].as_str().expect("an id"));
        let read = resident.get(&path).await;
        assert_eq!(
            (read.status, read.header("content-type"), read.header("x-content-type-options")),
            (200, kind, "nosniff"),
            "{name}"
        );
        assert!(!holds_secret(&read.bytes), "{name} still tells where it was taken");
        assert_eq!(kept["bytes"], read.bytes.len(), "{name}");
        let shown = image::load_from_memory(&read.bytes).expect("still a picture").to_rgb8();
        assert_eq!(shown.dimensions(), size, "{name}");
        let corner = shown.get_pixel(2, 2);
        assert!(corner[0] > 180 && corner[2] < 90, "{name} is upright, red comes first: {corner:?}");
    }
}

#[tokio::test]
async fn a_photo_that_is_none() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let png = picture(ImageFormat::Png);
    let mut huge = jpeg_with_secrets(1);
    huge.resize(11 * 1024 * 1024, 0);
    for (name, file, status, code) in [
        ("header.png", [&png[..16], b"and then garbage, garbage, garbage"].concat(), 422, "invalid_picture"),
        ("half.png", png[..png.len() / 2].to_vec(), 422, "invalid_picture"),
        ("header.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0garbage".to_vec(), 422, "invalid_picture"),
        ("empty.jpg", Vec::new(), 422, "invalid_picture"),
        ("bomb.png", bomb(), 422, "invalid_picture"),
        (
            "a.gif",
            b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;".to_vec(),
            415,
            "unsupported_media_type",
        ),
        (
            "a.jpg",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec(),
            415,
            "unsupported_media_type",
        ),
        ("b.jpg", b"<html><script>alert(1)</script></html>".to_vec(), 415, "unsupported_media_type"),
        ("c.jpg", b"just text".to_vec(), 415, "unsupported_media_type"),
        ("d.jpg", b"%PDF-1.7 and so on".to_vec(), 415, "unsupported_media_type"),
        ("huge.jpg", huge, 413, "too_large"),
    ] {
        let answer = resident.upload(name, "image/jpeg", &file).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        answer.refused(status, code);
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM attachments").await, 0, "nothing of it is kept");
    assert_eq!(files(&app), 0, "not on disk either");
    resident.say("你好").await;
}

/// 50,000 × 50,000 pixels in a hundred bytes.
fn bomb() -> Vec<u8> {
    let mut png = Png::from_bytes(picture(ImageFormat::Png).into()).expect("a PNG");
    let mut header = png.chunks()[0].contents().to_vec();
    header[..4].copy_from_slice(&50_000u32.to_be_bytes());
    header[4..8].copy_from_slice(&50_000u32.to_be_bytes());
    png.chunks_mut()[0] = PngChunk::new(*b"IHDR", header.into());
    png.encoder().bytes().to_vec()
}

#[tokio::test]
async fn an_upload_that_is_none() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let path = "/api/v1/attachments";
    let send = async |kind: &str, body: &[u8]| {
        Answer::of(resident.request(Method::POST, path).header("content-type", kind).body(body.to_vec()).send().await).await
    };
    send("image/jpeg", &picture(ImageFormat::Jpeg)).await.refused(415, "unsupported_media_type");
    send("application/json", b"{}").await.refused(415, "unsupported_media_type");
    send("multipart/form-data; boundary=x", b"--x--\r\n").await.refused(422, "invalid_body");
    send("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nabc\r\n--x--\r\n")
        .await
        .refused(422, "invalid_body");
    send("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc")
        .await
        .refused(422, "invalid_body");
    let bare = app.stranger().request(Method::POST, path).header("content-type", "multipart/form-data; boundary=x").body("--x--");
    Answer::of(bare.send().await).await.refused(401, "unauthenticated");
    let wrong =
        app.stranger().request(Method::POST, path).bearer_auth("wrong").header("content-type", "multipart/form-data; boundary=x");
    Answer::of(wrong.body("--x--").send().await).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_photo_belongs_to_its_conversation_and_goes_with_it() {
    let app = TestApp::start().await;
    let (one, two) = (app.resident().await, app.resident().await);
    let kept = one.upload("a.jpg", "image/jpeg", &jpeg_with_secrets(1)).await.expect(201);
    let id = kept["attachment_id"].as_str().expect("an id");
    let path = format!("/api/v1/attachments/{id}");
    app.stranger().get(&path).await.refused(401, "unauthenticated");
    two.get(&path).await.refused(403, "forbidden");
    two.show("看这里", &[id]).await.refused(422, "invalid_body");
    let turn = one.show("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道", &[id]).await.expect(200);
    assert_eq!(turn["card"]["draft"]["attachments"], json!([id]), "{turn}");
    let history = one.history().await;
    assert_eq!(history["messages"][0]["attachments"], json!([id]), "{history}");
    assert_eq!(files(&app), 2, "the photo and its small one");
    let deleted = one.forget_me().await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!(files(&app), 0, "the files are gone from the disk");
    one.get(&path).await.refused(404, "not_found");
    one.get(&one.path("/messages")).await.refused(404, "not_found");
    for sql in [
        "SELECT COUNT(*) FROM messages",
        "SELECT COUNT(*) FROM turns",
        "SELECT COUNT(*) FROM turn_events",
        "SELECT COUNT(*) FROM attachments",
    ] {
        assert_eq!(app.count(sql).await, 0, "{sql} after the right to delete was used");
    }
    assert_eq!(two.history().await["messages"], json!([]), "others are untouched");
}

#[tokio::test]
async fn a_confirmed_ticket_stays_when_its_conversation_is_deleted() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    app.told().await;
    assert_eq!(resident.forget_me().await.status, 204);
    resident.forget_me().await.refused(404, "not_found");
    app.press(&ticket, "accept", &json!({})).await;
    app.told().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM tickets WHERE status = '已受理'").await, 1, "the matter goes on");
    assert_eq!(app.count("SELECT COUNT(*) FROM messages").await, 0, "and nobody is told");
}

fn files(app: &TestApp) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries.flatten().map(|e| if e.path().is_dir() { count(&e.path()) } else { 1 }).sum()
    }
    count(&app.data().join("attachments"))
}
