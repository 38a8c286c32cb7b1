//! MP4, M4A and `QuickTime`: walked box by box. What is not needed to play is renamed to `free` and zeroed in place, so that every
//! offset stays: user data (position, device, maker), names of handlers and encoders, times of making, and whole tracks that are
//! neither sound nor picture (telephones keep the way they went in such) together with their samples.

use bytes::Bytes;

use super::{be32, be64};

/// What is known of a film that may be kept.
#[derive(Debug)]
pub struct Film {
    /// Cleaned.
    pub bytes: Bytes,
    /// It has a video track.
    pub has_picture: bool,
    /// `QuickTime`'s own flavour.
    pub is_quicktime: bool,
    /// As the container says; recordings in fragments often do not.
    pub duration_ms: Option<u64>,
}

/// More boxes than this nobody needs on one level.
const MOST_BOXES: usize = 20_000;
/// More samples or chunks than this no half minute has.
const MOST_SAMPLES: u32 = 1_000_000;

#[derive(Debug, Clone, Copy)]
struct Atom {
    kind: [u8; 4],
    start: usize,
    body: usize,
    end: usize,
}

/// Cleans a film. `None` when its boxes do not lie within the file, or the needed ones (`ftyp`, `moov`, `mdat`) are not there.
#[must_use]
pub fn clean(file: &[u8]) -> Option<Film> {
    let mut walk = Walk { file, out: file.to_vec(), ..Walk::default() };
    let top = atoms(file, 0, file.len(), true)?;
    let first = top.first().filter(|a| &a.kind == b"ftyp")?;
    let is_quicktime = file.get(first.body..first.body + 4)? == b"qt  ";
    let is_in_parts = top.iter().any(|a| &a.kind == b"moof");
    walk.media = top.iter().filter(|a| &a.kind == b"mdat").map(|a| (a.body, a.end)).collect();
    let (mut has_index, mut has_media) = (false, false);
    for atom in &top {
        match &atom.kind {
            b"ftyp" | b"styp" | b"sidx" | b"mfra" | b"pdin" => {}
            b"mdat" => has_media |= atom.end > atom.body,
            b"free" | b"skip" | b"wide" => walk.out[atom.body..atom.end].fill(0),
            b"moov" if has_index => return None,
            b"moov" => {
                has_index = true;
                walk.movie(atom, is_in_parts)?;
            }
            b"moof" => walk.keep(atom, &[b"mfhd", b"traf"], |walk, part| match &part.kind {
                b"traf" => {
                    walk.keep(part, &[b"tfhd", b"tfdt", b"trun", b"saiz", b"saio", b"sbgp", b"sgpd", b"senc", b"subs"], |_, _| {
                        Some(())
                    })
                }
                _ => Some(()),
            })?,
            _ => walk.free(atom),
        }
    }
    let is_whole = has_index && has_media && (walk.has_picture || walk.has_sound);
    is_whole.then(|| Film {
        bytes: walk.out.into(),
        has_picture: walk.has_picture,
        is_quicktime,
        duration_ms: walk.duration_ms.filter(|ms| *ms > 0),
    })
}

#[derive(Default)]
struct Walk<'a> {
    file: &'a [u8],
    out: Vec<u8>,
    /// From where to where samples may lie: the bodies of the `mdat`.
    media: Vec<(usize, usize)>,
    duration_ms: Option<u64>,
    timescale: u64,
    has_picture: bool,
    has_sound: bool,
}

impl Walk<'_> {
    /// Walks a box: what is listed is looked at, everything else is taken out.
    fn keep(&mut self, of: &Atom, kinds: &[&[u8; 4]], mut look: impl FnMut(&mut Self, &Atom) -> Option<()>) -> Option<()> {
        for part in atoms(self.file, of.body, of.end, false)? {
            if kinds.contains(&&part.kind) {
                look(self, &part)?;
            } else {
                self.free(&part);
            }
        }
        Some(())
    }

    fn free(&mut self, atom: &Atom) {
        self.out[atom.start + 4..atom.start + 8].copy_from_slice(b"free");
        self.out[atom.body..atom.end].fill(0);
    }

    /// Zeroes a part of a box that may not be there.
    fn blank(&mut self, from: usize, to: usize) {
        if let Some(place) = self.out.get_mut(from..to) {
            place.fill(0);
        }
    }

    fn movie(&mut self, moov: &Atom, is_in_parts: bool) -> Option<()> {
        self.keep(moov, &[b"mvhd", b"trak", b"mvex", b"iods"], |walk, part| match &part.kind {
            b"mvhd" => {
                let (scale, length) = walk.times(part)?;
                walk.timescale = scale.max(1);
                // All ones means unknown.
                walk.duration_ms =
                    (length != u64::from(u32::MAX) && length != u64::MAX).then(|| length.saturating_mul(1000) / walk.timescale);
                Some(())
            }
            b"trak" => walk.track(part, is_in_parts),
            b"mvex" => walk.keep(part, &[b"mehd", b"trex", b"trep"], |walk, inner| {
                if &inner.kind == b"mehd" && walk.duration_ms.is_none_or(|ms| ms == 0) {
                    let wide = walk.file.get(inner.body) == Some(&1);
                    let ticks = if wide { be64(walk.file, inner.body + 4)? } else { u64::from(be32(walk.file, inner.body + 4)?) };
                    walk.duration_ms = Some(ticks.saturating_mul(1000) / walk.timescale.max(1));
                }
                Some(())
            }),
            _ => Some(()),
        })
    }

    /// Zeroes when something was made and changed; returns ticks of a second and the length in ticks (of `mvhd` and `mdhd`).
    fn times(&mut self, header: &Atom) -> Option<(u64, u64)> {
        let wide = *self.file.get(header.body)? == 1;
        let (times, scale_at) = if wide { (16, 20) } else { (8, 12) };
        if header.end < header.body + scale_at + 12 {
            return None;
        }
        self.blank(header.body + 4, header.body + 4 + times);
        let scale = u64::from(be32(self.file, header.body + scale_at)?);
        let length_at = header.body + scale_at + 4;
        let length = if wide { be64(self.file, length_at)? } else { u64::from(be32(self.file, length_at)?) };
        Some((scale, length))
    }

    fn track(&mut self, trak: &Atom, is_in_parts: bool) -> Option<()> {
        let file = self.file;
        let mdia = child(file, trak, *b"mdia")?;
        let hdlr = child(file, &mdia, *b"hdlr")?;
        match file.get(hdlr.body + 8..hdlr.body + 12).filter(|_| hdlr.end >= hdlr.body + 12)? {
            b"vide" => self.has_picture = true,
            b"soun" => self.has_sound = true,
            // Its samples cannot be told apart when they come in fragments.
            _ if is_in_parts => return None,
            _ => {
                for (from, to) in samples(file, &child(file, &child(file, &mdia, *b"minf")?, *b"stbl")?)? {
                    // A table that points at the boxes themselves would have them wiped, and nobody could play what is left.
                    if from < to && !self.media.iter().any(|(start, end)| *start <= from && to <= *end) {
                        return None;
                    }
                    self.out.get_mut(from..to)?.fill(0);
                }
                self.free(trak);
                return Some(());
            }
        }
        self.keep(trak, &[b"tkhd", b"mdia", b"edts"], |walk, part| match &part.kind {
            b"tkhd" => {
                let times = if *walk.file.get(part.body)? == 1 { 16 } else { 8 };
                walk.blank(part.body + 4, (part.body + 4 + times).min(part.end));
                Some(())
            }
            b"mdia" => walk.keep(part, &[b"mdhd", b"hdlr", b"minf", b"elng"], |walk, inner| match &inner.kind {
                b"mdhd" => walk.times(inner).map(drop),
                b"hdlr" => {
                    walk.blank_handler(inner);
                    Some(())
                }
                b"minf" => walk.media_of(inner),
                _ => Some(()),
            }),
            _ => Some(()),
        })
    }

    /// The name of a handler is free text.
    fn blank_handler(&mut self, hdlr: &Atom) {
        self.blank((hdlr.body + 24).min(hdlr.end), hdlr.end);
    }

    fn media_of(&mut self, minf: &Atom) -> Option<()> {
        const TABLES: [&[u8; 4]; 19] = [
            b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stsh", b"sdtp", b"sbgp",
            b"sgpd", b"subs", b"saiz", b"saio", b"padb", b"stps",
        ];
        self.keep(minf, &[b"vmhd", b"smhd", b"nmhd", b"hdlr", b"dinf", b"stbl"], |walk, part| match &part.kind {
            b"hdlr" => {
                walk.blank_handler(part);
                Some(())
            }
            b"dinf" => walk.keep(part, &[b"dref"], |walk, dref| {
                // Where the media lie: in this file. A path would be a name of somebody's folder.
                for entry in atoms(walk.file, (dref.body + 8).min(dref.end), dref.end, false)? {
                    walk.blank((entry.body + 4).min(entry.end), entry.end);
                }
                Some(())
            }),
            b"stbl" => walk.keep(part, &TABLES, |walk, table| {
                if &table.kind == b"stsd" {
                    walk.blank_encoder(table)?;
                }
                Some(())
            }),
            _ => Some(()),
        })
    }

    /// The name of the encoder in each description of a picture.
    fn blank_encoder(&mut self, stsd: &Atom) -> Option<()> {
        const OF_PICTURES: [&[u8; 4]; 13] =
            [b"avc1", b"avc3", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"encv", b"mp4v", b"vp08", b"vp09", b"av01", b"s263", b"jpeg"];
        for entry in atoms(self.file, (stsd.body + 8).min(stsd.end), stsd.end, false)? {
            if OF_PICTURES.contains(&&entry.kind) {
                self.blank((entry.body + 12).min(entry.end), (entry.body + 16).min(entry.end));
                self.blank((entry.body + 42).min(entry.end), (entry.body + 74).min(entry.end));
            }
        }
        Some(())
    }
}

/// The boxes between two places; `None` when one does not end within them.
fn atoms(file: &[u8], from: usize, to: usize, is_top: bool) -> Option<Vec<Atom>> {
    let (mut out, mut at) = (Vec::new(), from);
    while at < to {
        if to - at < 8 {
            // QuickTime ends a list with a zero.
            return file.get(at..to)?.iter().all(|b| *b == 0).then_some(out);
        }
        let kind: [u8; 4] = file.get(at + 4..at + 8)?.try_into().ok()?;
        let (body, end) = match be32(file, at)? {
            // To the end of the file.
            0 if is_top => (at + 8, to),
            1 => (at + 16, at.checked_add(usize::try_from(be64(file, at + 8)?).ok()?)?),
            size => (at + 8, at.checked_add(size as usize)?),
        };
        if end < body || end > to || out.len() >= MOST_BOXES {
            return None;
        }
        out.push(Atom { kind, start: at, body, end });
        at = end;
    }
    Some(out)
}

fn child(file: &[u8], of: &Atom, kind: [u8; 4]) -> Option<Atom> {
    atoms(file, of.body, of.end, false)?.into_iter().find(|a| a.kind == kind)
}

/// Where the samples of a track lie in the file.
fn samples(file: &[u8], stbl: &Atom) -> Option<Vec<(usize, usize)>> {
    let table = |kind| child(file, stbl, kind);
    let sizes = table(*b"stsz")?;
    let (same, count) = (be32(file, sizes.body + 4)?, be32(file, sizes.body + 8)?);
    if count > MOST_SAMPLES {
        return None;
    }
    let size_of = |n: u32| if same > 0 { Some(same) } else { be32(file, sizes.body + 12 + 4 * n as usize) };
    let runs_of = table(*b"stsc")?;
    let runs = be32(file, runs_of.body + 4)?;
    let (offsets, wide) = match table(*b"stco") {
        Some(stco) => (stco, false),
        None => (table(*b"co64")?, true),
    };
    let chunks = be32(file, offsets.body + 4)?;
    if chunks > MOST_SAMPLES || runs > MOST_SAMPLES {
        return None;
    }
    let (mut out, mut run, mut sample) = (Vec::new(), 0u32, 0u32);
    for chunk in 0..chunks {
        let first_of = |run: u32| be32(file, runs_of.body + 8 + 12 * run as usize);
        while run + 1 < runs && first_of(run + 1)? <= chunk + 1 {
            run += 1;
        }
        let at = offsets.body + 8 + chunk as usize * if wide { 8 } else { 4 };
        let from = if wide { usize::try_from(be64(file, at)?).ok()? } else { be32(file, at)? as usize };
        let mut to = from;
        for _ in 0..be32(file, runs_of.body + 12 + 12 * run as usize)? {
            if sample >= count {
                break;
            }
            to = to.checked_add(size_of(sample)? as usize)?;
            sample += 1;
        }
        if to > file.len() {
            return None;
        }
        out.push((from, to));
    }
    // A sample that belongs to no chunk could not be found by a player either.
    Some(out)
}
