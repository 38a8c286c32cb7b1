//! `WebM`: walked element by element; tags, attachments, titles, dates and names of programs are overwritten in place, so that every
//! offset stays. Browsers that record live write segments and clusters of unknown length: these end with the file or the next one.

use bytes::Bytes;

/// What is known of a film that may be kept.
#[derive(Debug)]
pub struct Film {
    /// Cleaned.
    pub bytes: Bytes,
    /// It has a video track.
    pub has_picture: bool,
    /// As the container says, or by its last block.
    pub duration_ms: Option<u64>,
}

mod id {
    pub const HEADER: u32 = 0x1a45_dfa3;
    pub const DOC_TYPE: u32 = 0x4282;
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const SEEK_HEAD: u32 = 0x114d_9b74;
    pub const INFO: u32 = 0x1549_a966;
    pub const TRACKS: u32 = 0x1654_ae6b;
    pub const CLUSTER: u32 = 0x1f43_b675;
    pub const CUES: u32 = 0x1c53_bb6b;
    pub const SCALE: u32 = 0x2a_d7b1;
    pub const DURATION: u32 = 0x4489;
    /// Programs that wrote it: needed by readers, empty here.
    pub const PROGRAMS: [u32; 2] = [0x4d80, 0x5741];
    pub const TRACK: u32 = 0xae;
    pub const TRACK_TYPE: u32 = 0x83;
    pub const CODEC: u32 = 0x86;
    /// Name, name of the codec, attachments, check sum, tags inside a track.
    pub const TOLD_OF_TRACK: [u32; 4] = [0x536e, 0x25_8688, 0x7446, 0xbf];
    pub const TIME: u32 = 0xe7;
    pub const SIMPLE_BLOCK: u32 = 0xa3;
    pub const BLOCK_GROUP: u32 = 0xa0;
    /// Position and size of the cluster before.
    pub const OF_CLUSTER: [u32; 2] = [0xa7, 0xab];
}

/// More elements than this nobody records in half a minute.
const MOST_ELEMENTS: usize = 200_000;

#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    start: usize,
    body: usize,
    /// `None` = unknown length.
    end: Option<usize>,
}

/// Cleans a `WebM`. `None` when it is none, cut off, or has other tracks than sound and picture.
#[must_use]
pub fn clean(file: &[u8]) -> Option<Film> {
    let header = element(file, 0, file.len())?;
    let header_end = header.end.filter(|_| header.id == id::HEADER)?;
    let kind = children(file, header.body, header_end)?.into_iter().find(|e| e.id == id::DOC_TYPE)?;
    if file.get(kind.body..kind.end?)?.strip_suffix(&[0]).unwrap_or(file.get(kind.body..kind.end?)?) != b"webm" {
        return None;
    }
    let segment = element(file, header_end, file.len()).filter(|s| s.id == id::SEGMENT)?;
    let end = segment.end.unwrap_or(file.len());
    // What stands behind the segment is not part of it.
    let mut walk = Walk { out: file.get(..end)?.to_vec(), scale: 1_000_000, ..Walk::default() };
    let mut at = segment.body;
    while at < end {
        at = walk.top(file, at, end)?;
    }
    if !walk.has_sound && !walk.has_picture || walk.clusters == 0 {
        return None;
    }
    let duration_ms = walk.duration.or(walk.last).map(|ticks| (ticks * walk.scale as f64 / 1e6).max(0.0) as u64);
    Some(Film { bytes: walk.out.into(), has_picture: walk.has_picture, duration_ms })
}

#[derive(Default)]
struct Walk {
    out: Vec<u8>,
    /// Nanoseconds of a tick.
    scale: u64,
    duration: Option<f64>,
    /// Ticks of the last block.
    last: Option<f64>,
    clusters: usize,
    elements: usize,
    has_sound: bool,
    has_picture: bool,
}

impl Walk {
    /// One element of the segment; where the next one begins.
    fn top(&mut self, file: &[u8], at: usize, end: usize) -> Option<usize> {
        self.elements += 1;
        let it = element(file, at, end).filter(|_| self.elements < MOST_ELEMENTS)?;
        match it.id {
            id::SEEK_HEAD | id::CUES => {}
            id::INFO => self.info(file, it)?,
            id::TRACKS => self.tracks(file, it)?,
            id::CLUSTER => return self.cluster(file, it, end),
            _ => self.void(it)?,
        }
        it.end
    }

    fn info(&mut self, file: &[u8], it: Element) -> Option<()> {
        for part in children(file, it.body, it.end?)? {
            let content = file.get(part.body..part.end?)?;
            match part.id {
                id::SCALE => self.scale = number(content)?.max(1),
                id::DURATION => self.duration = float(content).filter(|d| d.is_finite() && *d > 0.0),
                other if id::PROGRAMS.contains(&other) => self.out[part.body..part.end?].fill(0),
                _ => self.void(part)?,
            }
        }
        Some(())
    }

    fn tracks(&mut self, file: &[u8], it: Element) -> Option<()> {
        for track in children(file, it.body, it.end?)? {
            if track.id != id::TRACK {
                self.void(track)?;
                continue;
            }
            for part in children(file, track.body, track.end?)? {
                let content = file.get(part.body..part.end?)?;
                match part.id {
                    id::TRACK_TYPE => match number(content)? {
                        1 => self.has_picture = true,
                        2 => self.has_sound = true,
                        // Words and whatever else could tell where somebody was.
                        _ => return None,
                    },
                    // Its private data hold comments.
                    id::CODEC if content.starts_with(b"A_VORBIS") => return None,
                    other if id::TOLD_OF_TRACK.contains(&other) => self.void(part)?,
                    _ => {}
                }
            }
        }
        Some(())
    }

    fn cluster(&mut self, file: &[u8], it: Element, end: usize) -> Option<usize> {
        self.clusters += 1;
        let stop = it.end.unwrap_or(end);
        let (mut at, mut time) = (it.body, 0u64);
        while at < stop {
            self.elements += 1;
            let part = element(file, at, stop).filter(|_| self.elements < MOST_ELEMENTS)?;
            // Without a length of its own a cluster ends where another part of the segment begins.
            if it.end.is_none() && part.id > 0x00ff_ffff {
                return Some(at);
            }
            let part_end = part.end?;
            match part.id {
                id::TIME => time = number(file.get(part.body..part_end)?)?,
                id::SIMPLE_BLOCK => self.block(file.get(part.body..part_end)?, time),
                id::BLOCK_GROUP => {
                    // Block (a1) inside.
                    for inner in children(file, part.body, part_end)?.into_iter().filter(|e| e.id == 0xa1) {
                        self.block(file.get(inner.body..inner.end?)?, time);
                    }
                }
                other if id::OF_CLUSTER.contains(&other) => {}
                _ => self.void(part)?,
            }
            at = part_end;
        }
        Some(stop)
    }

    fn block(&mut self, content: &[u8], time: u64) {
        let Some((_, behind)) = vint(content, 0, false) else { return };
        let Some([high, low]) = content.get(behind..behind + 2) else { return };
        let ticks = time as f64 + f64::from(i16::from_be_bytes([*high, *low]));
        self.last = Some(self.last.map_or(ticks, |last| last.max(ticks)));
    }

    /// Overwrites an element by one that means nothing, of the same length.
    fn void(&mut self, it: Element) -> Option<()> {
        let place = self.out.get_mut(it.start..it.end?)?;
        let length = place.len();
        place.fill(0);
        place[0] = 0xec;
        if length >= 9 {
            let rest = (length - 9) as u64;
            place[1..9].copy_from_slice(&rest.to_be_bytes());
            place[1] = 0x01;
        } else {
            *place.get_mut(1)? = 0x80 | (length - 2) as u8;
        }
        Some(())
    }
}

/// The elements between two places; each has a length.
fn children(file: &[u8], from: usize, to: usize) -> Option<Vec<Element>> {
    let (mut out, mut at) = (Vec::new(), from);
    while at < to {
        let it = element(file, at, to).filter(|_| out.len() < MOST_ELEMENTS)?;
        at = it.end?;
        out.push(it);
    }
    Some(out)
}

/// The element at a place. `None` when it does not end before `limit`.
fn element(file: &[u8], at: usize, limit: usize) -> Option<Element> {
    let (id, size_at) = vint(file, at, true)?;
    let (size, body) = vint(file, size_at, false)?;
    let width = body - size_at;
    let is_unknown = size == (1u64 << (7 * width)) - 1;
    let id = u32::try_from(id).ok()?;
    if is_unknown {
        let may_be = matches!(id, id::SEGMENT | id::CLUSTER) && body <= limit;
        return may_be.then_some(Element { id, start: at, body, end: None });
    }
    let end = body.checked_add(usize::try_from(size).ok()?).filter(|end| *end <= limit)?;
    Some(Element { id, start: at, body, end: Some(end) })
}

/// A number of variable length and where it ends; ids keep their marker.
fn vint(file: &[u8], at: usize, keeps_marker: bool) -> Option<(u64, usize)> {
    let first = *file.get(at)?;
    let width = first.leading_zeros() as usize + 1;
    if width > if keeps_marker { 4 } else { 8 } {
        return None;
    }
    let bytes = file.get(at..at.checked_add(width)?)?;
    let head = if keeps_marker { u64::from(first) } else { u64::from(first) & ((1u64 << (8 - width)) - 1) };
    Some((bytes[1..].iter().fold(head, |all, b| all << 8 | u64::from(*b)), at + width))
}

fn number(content: &[u8]) -> Option<u64> {
    (content.len() <= 8).then(|| content.iter().fold(0, |all, b| all << 8 | u64::from(*b)))
}

fn float(content: &[u8]) -> Option<f64> {
    match content.len() {
        4 => Some(f64::from(f32::from_be_bytes(content.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(content.try_into().ok()?)),
        _ => None,
    }
}
