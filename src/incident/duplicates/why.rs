//! Why two messages were thought the same: the longest runs of characters that both have.

use super::grams::in_run;

/// The longest runs of at least two characters that `a` and `b` share, longest first, none inside another, at most `limit`.
#[must_use]
pub fn shared_runs(a: &str, b: &str, limit: usize) -> Vec<String> {
    let (a, b) = (folded(a), folded(b));
    let mut found: Vec<(usize, usize)> = Vec::new(); // end in `a`, length
    let mut before = vec![0usize; b.len() + 1];
    for (i, c) in a.iter().enumerate() {
        let mut now = vec![0usize; b.len() + 1];
        let mut longest = 0;
        for (j, d) in b.iter().enumerate() {
            if c == d && in_run(*c) {
                now[j + 1] = before[j] + 1;
                longest = longest.max(now[j + 1]);
            }
        }
        if longest >= 2 {
            found.push((i + 1, longest));
        }
        before = now;
    }
    found.sort_by(|x, y| y.1.cmp(&x.1).then(x.0.cmp(&y.0)));
    let mut out: Vec<String> = Vec::new();
    for (end, length) in found {
        let run: String = a[end - length..end].iter().collect();
        if !out.iter().any(|kept| kept.contains(&run)) {
            out.push(run);
            if out.len() == limit {
                break;
            }
        }
    }
    out
}

fn folded(text: &str) -> Vec<char> {
    text.chars().take(super::grams::WHOLE).map(|c| c.to_ascii_lowercase()).collect()
}
