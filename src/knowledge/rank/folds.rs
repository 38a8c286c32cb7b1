//! Parts of a question set such that what is scored was never learnt from. The same set gives the same parts, everywhere.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How questions are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By the hash of the question's id.
    Random,
    /// Two questions that share a right passage, directly or over others, are in one part.
    Disjoint,
}

/// The part (0..`parts`) of each question. `ids` and `gold` go together; `salt` makes another division.
#[must_use]
pub fn divide(kind: Kind, ids: &[&str], gold: &[Vec<usize>], parts: usize, salt: u64) -> Vec<usize> {
    let hash = |n: usize| xxh3_64_with_seed(ids[n].as_bytes(), salt);
    match kind {
        Kind::Random => {
            let mut order: Vec<usize> = (0..ids.len()).collect();
            order.sort_by_key(|n| (hash(*n), ids[*n]));
            let mut out = vec![0; ids.len()];
            // Dealt round, so that the parts are equally large.
            order.into_iter().enumerate().for_each(|(place, n)| out[n] = place % parts.max(1));
            out
        }
        Kind::Disjoint => {
            let mut components = components(gold);
            components.sort_by_key(|c| (std::cmp::Reverse(c.len()), c.first().map(|n| (hash(*n), ids[*n]))));
            let mut sizes = vec![0usize; parts.max(1)];
            let mut out = vec![0; ids.len()];
            for component in components {
                let part = (0..sizes.len()).min_by_key(|p| (sizes[*p], *p)).unwrap_or(0);
                sizes[part] += component.len();
                for n in component {
                    out[n] = part;
                }
            }
            out
        }
    }
}

/// Questions that hang together by shared right passages; each list ascending, the lists by their first question.
fn components(gold: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..gold.len()).collect();
    fn root(parent: &mut [usize], mut n: usize) -> usize {
        while parent[n] != n {
            parent[n] = parent[parent[n]];
            n = parent[n];
        }
        n
    }
    let mut first: HashMap<usize, usize> = HashMap::new();
    for (n, passages) in gold.iter().enumerate() {
        for passage in passages {
            let other = *first.entry(*passage).or_insert(n);
            let (a, b) = (root(&mut parent, n), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); gold.len()];
    for n in 0..gold.len() {
        let at = root(&mut parent, n);
        out[at].push(n);
    }
    out.retain(|c| !c.is_empty());
    out
}
