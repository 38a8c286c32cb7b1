//! Whatever bytes come: an answer, never a panic, and what is taken is taken again as it is.

use proptest::prelude::*;

use super::{clean, jpeg, recordings};
use crate::media::samples::exif_of_the_street;
use crate::support::cases;

/// Beginnings that send the bytes behind them into each of the checks.
fn beginnings() -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = vec![Vec::new()];
    out.extend(recordings().into_iter().map(|case| case.1[..case.1.len().min(64)].to_vec()));
    out.push(b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec());
    out.push(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec());
    out.push(b"RIFF\xff\0\0\0WEBPVP8X".to_vec());
    out
}

fn stays_clean(file: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(once) = clean(file) {
        let twice = clean(&once.bytes);
        prop_assert!(twice.is_ok(), "what was taken must be taken again: {twice:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(128)))]

    #[test]
    fn any_bytes(beginning in 0usize..15, rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let beginnings = beginnings();
        let file = [beginnings[beginning % beginnings.len()].clone(), rest].concat();
        stays_clean(&file)?;
    }

    #[test]
    fn samples_with_changed_bytes(
        which in 0usize..12,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut files: Vec<Vec<u8>> = recordings().into_iter().map(|case| case.1).collect();
        files.push(jpeg(40, 30, Some(exif_of_the_street())));
        let mut file = files[which % files.len()].clone();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        stays_clean(&file)?;
    }
}
