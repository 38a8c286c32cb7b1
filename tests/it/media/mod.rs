//! Attachments by content: proved to their end, freed of what they tell in secret, refused with words when they lie.

mod robust;
pub mod samples;

use bytes::Bytes;
use gridworker::config::{AttachmentSettings, Settings};
use gridworker::conversation::media::{self, Cleaned, MediaError, MediaKind};
use gridworker::incident::evidence::PhotoPosition;
use gridworker::incident::ticket::PointSystem;

use self::samples::{aac, amr, exif, exif_of_the_street, jpeg, mp3, mp4, opus, told_by, wav, webm};

pub fn rules() -> AttachmentSettings {
    Settings::defaults().expect("defaults").attachments
}

fn clean(file: &[u8]) -> Result<Cleaned, MediaError> {
    media::clean(&Bytes::copy_from_slice(file), &rules())
}

/// Name, file, kind, type, milliseconds, whether every offset must stay.
type Case = (&'static str, Vec<u8>, MediaKind, &'static str, Option<u64>, bool);

fn recordings() -> Vec<Case> {
    use MediaKind::{Video, Voice};
    vec![
        ("mp4", mp4(*b"isom", true, 12), Video, "video/mp4", Some(12_000), true),
        ("mov", mp4(*b"qt  ", true, 12), Video, "video/quicktime", Some(12_000), true),
        ("m4a", mp4(*b"M4A ", false, 12), Voice, "audio/mp4", Some(12_000), true),
        ("webm", webm(true, 9, false), Video, "video/webm", Some(9_000), true),
        ("webm voice", webm(false, 9, false), Voice, "audio/webm", Some(9_000), true),
        ("webm as a browser records it", webm(true, 9, true), Video, "video/webm", Some(9_000), true),
        ("opus", opus(7), Voice, "audio/ogg", Some(7_000), false),
        ("wav", wav(3), Voice, "audio/wav", Some(3_000), false),
        ("mp3", mp3(40), Voice, "audio/mpeg", Some(1_044), false),
        ("aac", aac(40), Voice, "audio/aac", Some(2_560), false),
        ("amr", amr(40), Voice, "audio/amr", Some(800), false),
    ]
}

#[test]
fn what_a_recording_tells_in_secret_is_gone_and_it_is_still_whole() {
    for (name, file, kind, content_type, millis, in_place) in recordings() {
        let is_bare = name == "aac" || name == "amr";
        assert_eq!(told_by(&file).is_none(), is_bare, "{name}: the sample holds secrets where its format can");
        let cleaned = clean(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((cleaned.kind, cleaned.content_type, cleaned.duration_ms), (kind, content_type, millis), "{name}");
        assert_eq!(told_by(&cleaned.bytes), None, "{name} still tells");
        assert!(cleaned.thumb.is_none() && cleaned.position.is_none() && cleaned.size.is_none(), "{name} is no photo");
        if in_place {
            assert_eq!(cleaned.bytes.len(), file.len(), "{name}: every offset stays");
        }
        let again = clean(&cleaned.bytes).unwrap_or_else(|e| panic!("{name}, cleaned, is refused: {e}"));
        assert_eq!(again.bytes, cleaned.bytes, "{name}: cleaning what is clean changes nothing");
    }
}

#[test]
fn sound_and_picture_stay_as_they_were() {
    let cleaned = clean(&mp4(*b"isom", true, 2)).expect("a film").bytes;
    assert!(cleaned.windows(40).any(|w| w == [0x21; 40]), "the samples of the sound are there");
    for needed in [b"mvhd", b"stsd", b"avc1", b"mp4a", b"stco"] {
        assert!(cleaned.windows(4).any(|w| w == needed), "{} is needed to play", String::from_utf8_lossy(needed));
    }
    for gone in [b"udta", b"uuid", b"mebx", b"meta"] {
        assert!(!cleaned.windows(4).any(|w| w == gone), "{} is taken out", String::from_utf8_lossy(gone));
    }
    let wav_of = clean(&wav(1)).expect("sound").bytes;
    assert_eq!(wav_of.len(), 12 + 8 + 16 + 8 + 8_000, "format and sound alone");
    let opus_of = clean(&opus(1)).expect("sound").bytes;
    assert_eq!(opus_of.windows(90).filter(|w| *w == [0xfc; 90]).count(), 2, "both packets are there");
}

#[test]
fn what_is_cut_off_or_lies_about_its_length_is_refused() {
    for (name, file, kind, _, _, _) in recordings() {
        // Frames one behind another tell no length; what is whole of them is kept.
        if matches!(name, "mp3" | "aac" | "amr") || name.contains("browser") {
            continue;
        }
        for cut in [1, 7, file.len() / 3, file.len() / 2, file.len() - 40] {
            let error = clean(&file[..file.len() - cut]).expect_err(name);
            assert!(matches!(error, MediaError::Broken(_)), "{name} without its last {cut} bytes: {error:?}");
        }
        let _ = kind;
    }
    let mut longer = mp4(*b"isom", true, 5);
    let at = longer.windows(4).position(|w| w == b"mdat").expect("a box") - 4;
    longer[at..at + 4].copy_from_slice(&0x00ff_ffffu32.to_be_bytes());
    assert_eq!(clean(&longer).expect_err("a box beyond the file"), MediaError::Broken(MediaKind::Video));
    // The samples of the way that the telephone went are wiped: a table that says they lie among the boxes would wipe those.
    let mut pointing = mp4(*b"isom", true, 5);
    let tables: Vec<usize> = pointing.windows(4).enumerate().filter(|(_, w)| *w == b"stco").map(|(at, _)| at).collect();
    let (third, boxes) = (tables[2] + 12, pointing.windows(4).position(|w| w == b"moov").expect("a box") as u32);
    pointing[third..third + 4].copy_from_slice(&boxes.to_be_bytes());
    assert_eq!(clean(&pointing).expect_err("samples among the boxes"), MediaError::Broken(MediaKind::Video));
    let no_media = mp4(*b"isom", true, 5).windows(4).position(|w| w == b"mdat").map(|at| {
        let mut file = mp4(*b"isom", true, 5);
        file[at..at + 4].copy_from_slice(b"free");
        file
    });
    assert_eq!(clean(&no_media.expect("a box")).expect_err("no samples"), MediaError::Broken(MediaKind::Video));
    let mut wrong_sum = opus(3);
    let last = wrong_sum.len() - 1;
    wrong_sum[last] ^= 1;
    assert_eq!(clean(&wrong_sum).expect_err("a changed page"), MediaError::Broken(MediaKind::Voice));
    let broken = clean(&mp3(40)[..300]).expect_err("not two whole frames");
    assert_eq!(broken, MediaError::Broken(MediaKind::Voice));
    let half = clean(&amr(40)[..6 + 13 * 20 + 5]).expect("twenty whole frames");
    assert_eq!((half.bytes.len(), half.duration_ms), (6 + 13 * 20, Some(400)), "the broken frame is left out");
}

#[test]
fn limits_are_of_the_kind_and_said_in_words() {
    let mut small = rules();
    small.max_voice_bytes = 20_000;
    small.max_video_bytes = 30_000;
    let padded = |mut file: Vec<u8>, to: usize| {
        let missing = to - file.len();
        file.extend((missing as u32).to_be_bytes());
        file.extend(b"free");
        file.resize(to, 0);
        file
    };
    for (name, file, rules, error, words) in [
        ("long voice", wav(62), rules(), MediaError::TooLong(MediaKind::Voice, 60), "语音不能超过60秒，请分几段发送"),
        ("long m4a", mp4(*b"M4A ", false, 62), rules(), MediaError::TooLong(MediaKind::Voice, 60), "语音不能超过60秒"),
        ("long opus", opus(62), rules(), MediaError::TooLong(MediaKind::Voice, 60), "60秒"),
        ("long video", mp4(*b"isom", true, 32), rules(), MediaError::TooLong(MediaKind::Video, 30), "视频不能超过30秒"),
        ("long live video", webm(true, 40, true), rules(), MediaError::TooLong(MediaKind::Video, 30), "视频不能超过30秒"),
        ("large voice", wav(3), small.clone(), MediaError::TooLarge(MediaKind::Voice, 20_000), "语音不能超过19KB"),
        (
            "large m4a",
            padded(mp4(*b"M4A ", false, 3), 25_000),
            small.clone(),
            MediaError::TooLarge(MediaKind::Voice, 20_000),
            "语音不能超过",
        ),
        (
            "large video",
            padded(mp4(*b"isom", true, 3), 30_001),
            small.clone(),
            MediaError::TooLarge(MediaKind::Video, 30_000),
            "视频不能超过29KB，请拍短一点",
        ),
        ("empty", Vec::new(), rules(), MediaError::Empty, "空的"),
        ("heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec(), rules(), MediaError::Heic, "兼容性最佳"),
        ("text", b"just some text, nothing else".to_vec(), rules(), MediaError::Unknown, "JPEG"),
        ("gif", b"GIF89a\x01\0\x01\0\x80\0\0".to_vec(), rules(), MediaError::Unknown, "WebM"),
    ] {
        let found = media::clean(&file.into(), &rules).expect_err(name);
        assert_eq!(found, error, "{name}");
        assert!(found.to_string().contains(words), "{name}: 「{words}」 is not in 「{found}」");
    }
    assert!(clean(&wav(60)).is_ok() && clean(&mp4(*b"isom", true, 30)).is_ok(), "the limit itself is allowed");
}

#[test]
fn a_position_is_told_once_and_not_kept() {
    let near = |position: PhotoPosition, lat: f64, lng: f64| {
        assert!((position.lat - lat).abs() < 1e-5 && (position.lng - lng).abs() < 1e-5, "{position:?} is not {lat} {lng}");
        assert_eq!(position.system, PointSystem::Wgs84);
    };
    let photo = clean(&jpeg(64, 48, Some(exif_of_the_street()))).expect("a photo");
    let position = photo.position.expect("the sample has one");
    near(position, 29.481_7, 106.490_6);
    assert_eq!(position.taken_at, Some("2026-11-20T01:30:00Z".parse().expect("a time")));
    assert_eq!(told_by(&photo.bytes), None, "the device is gone");
    assert_eq!(clean(&photo.bytes).expect("still a photo").position, None, "the kept file has none");
    assert_eq!(clean(photo.thumb.as_ref().expect("a small one")).expect("a photo").position, None);

    let south_west = clean(&jpeg(64, 48, Some(exif([33, 27, 0], [70, 40, 0], *b"SW")))).expect("a photo");
    near(south_west.position.expect("one"), -33.45, -70.666_667);
    for (name, block) in [
        ("zeros of a telephone without a fix", exif([0, 0, 0], [0, 0, 0], *b"NE")),
        ("beyond the pole", exif([91, 0, 0], [10, 0, 0], *b"NE")),
        ("no exif at all", b"MM\0\x2a\0\0\0\x08\0\0\0\0\0\0".to_vec()),
        ("garbage", vec![7; 60]),
    ] {
        let photo = clean(&jpeg(64, 48, Some(block))).expect(name);
        assert_eq!(photo.position, None, "{name}");
    }
}

#[test]
fn every_photo_has_a_small_one() {
    for (size, small) in [((1280, 960), (320, 240)), ((90, 640), (45, 320)), ((100, 80), (100, 80))] {
        let photo = clean(&jpeg(size.0, size.1, None)).expect("a photo");
        assert_eq!(photo.size, Some(size));
        let thumb = photo.thumb.expect("a small one");
        assert_eq!(image::guess_format(&thumb).expect("a format"), image::ImageFormat::Jpeg);
        let thumb = image::load_from_memory(&thumb).expect("a picture");
        assert_eq!((thumb.width(), thumb.height()), small, "of {size:?}");
    }
}
