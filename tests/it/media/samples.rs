//! Small real files, made here byte by byte, with secrets where telephones and programs leave them.

/// Words that no kept file may hold: a position, a device, a name.
pub const SECRETS: [&[u8]; 3] = [b"+29.4817+106.4906/", b"Pocket-Telephone-X9", b"name-of-the-owner"];

/// The first of the secrets that is still in the bytes.
pub fn told_by(bytes: &[u8]) -> Option<String> {
    let found = SECRETS.iter().find(|secret| bytes.windows(secret.len()).any(|w| w == **secret));
    found.map(|secret| String::from_utf8_lossy(secret).into_owned())
}

pub fn secrets() -> Vec<u8> {
    SECRETS.concat()
}

/// A box of MP4.
pub fn atom(kind: [u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    [(content.len() as u32 + 8).to_be_bytes().to_vec(), kind.to_vec(), content].concat()
}

fn numbers(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn handler(kind: [u8; 4]) -> Vec<u8> {
    atom(*b"hdlr", &[numbers(&[0, 0]), kind.to_vec(), numbers(&[0, 0, 0]), secrets(), vec![0]])
}

/// A track whose one sample of `length` bytes lies at `at`.
fn track(kind: [u8; 4], at: u32, length: u32) -> Vec<u8> {
    let entry = match &kind {
        b"vide" => {
            let mut rest = vec![0u8; 78];
            rest[42] = 19;
            rest[43..62].copy_from_slice(SECRETS[1]);
            atom(*b"avc1", &[rest])
        }
        b"soun" => atom(*b"mp4a", &[vec![0; 28]]),
        _ => atom(*b"mebx", &[vec![0; 8]]),
    };
    let stbl = atom(
        *b"stbl",
        &[
            atom(*b"stsd", &[numbers(&[0, 1]), entry]),
            atom(*b"stts", &[numbers(&[0, 1, 1, 1000])]),
            atom(*b"stsc", &[numbers(&[0, 1, 1, 1, 1])]),
            atom(*b"stsz", &[numbers(&[0, 0, 1, length])]),
            atom(*b"stco", &[numbers(&[0, 1, at])]),
        ],
    );
    let dref = atom(*b"dref", &[numbers(&[0, 1]), atom(*b"url ", &[numbers(&[1])])]);
    let minf = atom(*b"minf", &[atom(*b"nmhd", &[numbers(&[0])]), atom(*b"dinf", &[dref]), stbl]);
    let mdhd = atom(*b"mdhd", &[numbers(&[0, 3_800_000_000, 3_800_000_000, 1000, 1000, 0])]);
    let mdia = atom(*b"mdia", &[mdhd, handler(kind), minf]);
    let tkhd = atom(*b"tkhd", &[numbers(&[7, 3_800_000_000, 3_800_000_000, 1, 0]), vec![0; 64]]);
    atom(*b"trak", &[tkhd, mdia, atom(*b"udta", &[atom(*b"name", &[secrets()])]), atom(*b"meta", &[secrets()])])
}

/// An MP4 (or with brand `qt  ` a `QuickTime` film) of so many seconds; without picture it is an M4A. A third track keeps the way
/// that the telephone went, as samples.
pub fn mp4(brand: [u8; 4], has_picture: bool, seconds: u32) -> Vec<u8> {
    let ftyp = atom(*b"ftyp", &[brand.to_vec(), numbers(&[512]), brand.to_vec()]);
    let sound = vec![0x21; 40];
    let at = ftyp.len() as u32 + 8;
    let way = secrets();
    let mdat = atom(*b"mdat", &[sound.clone(), way.clone()]);
    let mvhd = atom(*b"mvhd", &[numbers(&[0, 3_800_000_000, 3_800_000_000, 1000, seconds * 1000]), vec![0; 80]]);
    let mut parts = vec![mvhd, track(*b"soun", at, 40)];
    if has_picture {
        parts.push(track(*b"vide", at, 40));
    }
    parts.push(track(*b"meta", at + 40, way.len() as u32));
    parts.push(atom(*b"udta", &[atom(*b"\xa9xyz", &[vec![0, 18, 0x15, 0xc7], secrets()]), atom(*b"\xa9mod", &[secrets()])]));
    parts.push(atom(*b"meta", &[secrets()]));
    // The samples' places count from the start of the file: everything else stands behind them.
    [ftyp, mdat, atom(*b"free", &[secrets()]), atom(*b"moov", &parts), atom(*b"uuid", &[vec![7; 16], secrets()])].concat()
}

/// An element of `WebM`; `None` = of unknown length.
fn element(id: u32, content: &[u8], is_known: bool) -> Vec<u8> {
    let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
    let mut size = (content.len() as u64).to_be_bytes();
    size[0] = 1;
    if !is_known {
        size = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    }
    [id, size.to_vec(), content.to_vec()].concat()
}

/// A `WebM` of so many seconds. `is_live`: as a browser records, with segment and clusters of unknown length and no duration.
pub fn webm(has_picture: bool, seconds: u16, is_live: bool) -> Vec<u8> {
    let part = |id: u32, content: &[u8]| element(id, content, true);
    let head = part(0x1a45_dfa3, &part(0x4282, b"webm"));
    let mut info = [part(0x2a_d7b1, &1_000_000u32.to_be_bytes()), part(0x4d80, &secrets()), part(0x5741, &secrets())].concat();
    info.extend(part(0x7ba9, &secrets()));
    info.extend([0xec, 0x80]);
    if !is_live {
        info.extend(part(0x4489, &(f32::from(seconds) * 1000.0).to_be_bytes()));
    }
    let track = |kind: u8, codec: &[u8]| part(0xae, &[part(0x83, &[kind]), part(0x86, codec), part(0x536e, &secrets())].concat());
    let mut tracks = track(2, b"A_OPUS");
    if has_picture {
        tracks.extend(track(1, b"V_VP8"));
    }
    let block = part(0xa3, &[0x81, 0, 20, 0x80, 1, 2, 3]);
    let cluster = |at: u32| element(0x1f43_b675, &[part(0xe7, &at.to_be_bytes()), block.clone()].concat(), !is_live);
    let last = u32::from(seconds) * 1000 - 20;
    let tags = part(0x1254_c367, &part(0x7373, &secrets()));
    let body =
        [part(0x1549_a966, &info), part(0x1654_ae6b, &tracks), cluster(0), cluster(last), tags, part(0x1941_a469, &secrets())]
            .concat();
    [head, element(0x1853_8067, &body, !is_live)].concat()
}

/// The check sum of Ogg, bit by bit.
fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0u32, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |s, _| if s >> 31 == 0 { s << 1 } else { (s << 1) ^ 0x04c1_1db7 })
    })
}

fn page(flags: u8, granule: u64, number: u32, packet: &[u8], ends: bool) -> Vec<u8> {
    let mut segments = vec![255u8; packet.len() / 255];
    if ends {
        segments.push((packet.len() % 255) as u8);
    }
    let mut out = [b"OggS\0".as_slice(), &[flags], &granule.to_le_bytes(), &77u32.to_le_bytes(), &number.to_le_bytes()].concat();
    out.extend([0; 4]);
    out.push(segments.len() as u8);
    out.extend(&segments);
    out.extend(packet);
    let sum = crc(&out).to_le_bytes();
    out[22..26].copy_from_slice(&sum);
    out
}

/// Opus of so many seconds, with comments over two pages.
pub fn opus(seconds: u64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(312u16.to_le_bytes());
    head.extend(48_000u32.to_le_bytes());
    head.extend([0, 0, 0]);
    let mut tags = b"OpusTags".to_vec();
    tags.extend(secrets());
    tags.resize(510, b'x');
    let rest = secrets();
    [
        page(2, 0, 0, &head, true),
        page(0, u64::MAX, 1, &tags, false),
        page(1, 0, 2, &rest, true),
        page(0, seconds * 24_000, 3, &[0xfc; 90], true),
        page(4, seconds * 48_000 + 312, 4, &[0xfc; 90], true),
    ]
    .concat()
}

/// WAV of so many seconds, 8,000 bytes each.
pub fn wav(seconds: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let pad = vec![0; content.len() % 2];
        [kind.to_vec(), (content.len() as u32).to_le_bytes().to_vec(), content.to_vec(), pad].concat()
    };
    let mut format = vec![1, 0, 1, 0];
    format.extend(8_000u32.to_le_bytes());
    format.extend(8_000u32.to_le_bytes());
    format.extend([1, 0, 8, 0]);
    let list = [b"INFOIART".as_slice(), &secrets()].concat();
    let sound = vec![0x80; seconds as usize * 8_000];
    let body = [b"WAVE".to_vec(), chunk(b"fmt ", &format), chunk(b"LIST", &list), chunk(b"data", &sound), chunk(b"id3 ", &list)];
    let body = body.concat();
    [b"RIFF".to_vec(), (body.len() as u32).to_le_bytes().to_vec(), body].concat()
}

/// MP3 of so many frames (26 ms each) between two tags.
pub fn mp3(frames: usize) -> Vec<u8> {
    let secrets = secrets();
    let mut out = b"ID3\x03\0\0\0\0".to_vec();
    out.extend([(secrets.len() >> 7) as u8, (secrets.len() & 0x7f) as u8]);
    out.extend(&secrets);
    for _ in 0..frames {
        let mut frame = vec![0u8; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        out.extend(frame);
    }
    let mut tag = b"TAG".to_vec();
    tag.extend(&secrets);
    tag.resize(128, 0);
    out.extend(tag);
    out
}

/// AAC of so many frames (64 ms each at 16 kHz).
pub fn aac(frames: usize) -> Vec<u8> {
    let length = 60u8;
    let frame = [&[0xff, 0xf1, 0x60, 0x40, length >> 3, (length & 7) << 5 | 0x1f, 0xfc], [0u8; 53].as_slice()].concat();
    frame.repeat(frames)
}

/// AMR of so many frames (20 ms each).
pub fn amr(frames: usize) -> Vec<u8> {
    let frame = [&[0x04u8], [1u8; 12].as_slice()].concat();
    [b"#!AMR\n".to_vec(), frame.repeat(frames)].concat()
}

/// A TIFF block with a position, a moment with its zone, a device and a name.
pub fn exif(lat: [u32; 3], lng: [u32; 3], sides: [u8; 2]) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    // Directories of 3, 2 and 4 entries, one behind another, then what does not fit into an entry.
    let (first, second, third) = (8u32, 50u32, 80u32);
    let data = third + 2 + 4 * 12 + 4;
    let (device, moment, zone) = (data, data + 20, data + 40);
    let (lat_at, lng_at) = (zone + 8, zone + 8 + 24);
    let mut out = b"MM\0\x2a".to_vec();
    out.extend(first.to_be_bytes());
    out.extend(3u16.to_be_bytes());
    out.extend(entry(0x0110, 2, 20, device.to_be_bytes()));
    out.extend(entry(0x8769, 4, 1, second.to_be_bytes()));
    out.extend(entry(0x8825, 4, 1, third.to_be_bytes()));
    out.extend(0u32.to_be_bytes());
    out.extend(2u16.to_be_bytes());
    out.extend(entry(0x9003, 2, 20, moment.to_be_bytes()));
    out.extend(entry(0x9011, 2, 7, zone.to_be_bytes()));
    out.extend(0u32.to_be_bytes());
    out.extend(4u16.to_be_bytes());
    out.extend(entry(1, 2, 2, [sides[0], 0, 0, 0]));
    out.extend(entry(2, 5, 3, lat_at.to_be_bytes()));
    out.extend(entry(3, 2, 2, [sides[1], 0, 0, 0]));
    out.extend(entry(4, 5, 3, lng_at.to_be_bytes()));
    out.extend(0u32.to_be_bytes());
    assert_eq!(out.len(), data as usize, "the data begin where the entries say");
    let mut text = SECRETS[1].to_vec();
    text.resize(20, 0);
    out.extend(text);
    out.extend(b"2026:11:20 09:30:00\0");
    out.extend(b"+08:00\0\0");
    for part in [lat, lng] {
        // Whole degrees, whole minutes, hundredths of a second.
        for (number, below) in part.into_iter().zip([1u32, 1, 100]) {
            out.extend(number.to_be_bytes());
            out.extend(below.to_be_bytes());
        }
    }
    out
}

/// A JPEG of this size with such a block.
pub fn jpeg(width: u32, height: u32, exif: Option<Vec<u8>>) -> Vec<u8> {
    use img_parts::ImageEXIF as _;
    let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 200) as u8, (y % 200) as u8, 90]));
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, image::ImageFormat::Jpeg).expect("an encoder");
    let mut jpeg = img_parts::jpeg::Jpeg::from_bytes(out.into_inner().into()).expect("a JPEG");
    jpeg.set_exif(exif.map(Into::into));
    jpeg.encoder().bytes().to_vec()
}

/// Somewhere on the sample street: 29°28′54.12″ N, 106°29′26.16″ E.
pub fn exif_of_the_street() -> Vec<u8> {
    exif([29, 28, 5412], [106, 29, 2616], *b"NE")
}
