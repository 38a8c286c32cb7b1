//! Questions that nearly say the same, grouped: idf-weighted cosine of the words of the matter, connected components with a cap.
//!
//! The result depends on the set of questions alone, never on their order. Pairs are joined from the most alike down, and never beyond
//! [`MOST`] wordings, so that a chain of half-alike questions does not swallow everything.

use std::collections::{BTreeMap, HashMap};

use crate::core::text::for_matching;
use crate::knowledge::lexicon;
use crate::learn::ngrams;

/// From this cosine on, two questions are about the same.
pub const NEAR: f32 = 0.55;
/// Different wordings of one group, at most.
pub const MOST: usize = 60;
/// A pair of characters that more wordings have tells nobody apart and is not followed.
const COMMON: usize = 500;

/// A question to be grouped.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// As asked.
    pub text: &'a str,
    /// It is at work under this number: it stays with the others of the number, and apart from other numbers.
    pub pinned: Option<usize>,
}

/// A group of questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Positions in the items, ascending.
    pub members: Vec<usize>,
    /// The position of the most central question.
    pub central: usize,
    /// The number that its members are pinned to.
    pub pinned: Option<usize>,
}

#[derive(Debug)]
struct Node {
    text: String,
    terms: Vec<(u32, f32)>,
    norm: f32,
    items: Vec<usize>,
    pinned: Option<usize>,
}

/// The words of a question that are compared.
fn matter(text: &str) -> String {
    lexicon::matter(&lexicon::standard(&lexicon::without_politeness(&for_matching(text))))
}

fn similarity(a: &Node, b: &Node) -> f32 {
    if a.norm <= 0.0 || b.norm <= 0.0 {
        return 0.0;
    }
    let (mut i, mut j, mut dot) = (0, 0, 0f32);
    while i < a.terms.len() && j < b.terms.len() {
        match a.terms[i].0.cmp(&b.terms[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                dot += a.terms[i].1 * b.terms[j].1;
                i += 1;
                j += 1;
            }
        }
    }
    dot / (a.norm * b.norm)
}

/// Groups questions; `idf` says how telling a term is. Groups are ordered by their central question's words.
#[must_use]
pub fn group(items: &[Item<'_>], idf: &dyn Fn(u32) -> f32) -> Vec<Group> {
    let nodes = nodes(items, idf);
    let mut groups = Components::new(&nodes);
    for (similarity, a, b) in edges(&nodes) {
        debug_assert!(similarity >= NEAR);
        groups.join(a, b);
    }
    let mut by_root: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for node in 0..nodes.len() {
        by_root.entry(groups.root(node)).or_default().push(node);
    }
    let mut out: Vec<(String, Group)> = by_root
        .into_values()
        .map(|own| {
            let central = central(&nodes, &own);
            let mut members: Vec<usize> = own.iter().flat_map(|n| nodes[*n].items.iter().copied()).collect();
            members.sort_unstable();
            let pinned = own.iter().find_map(|n| nodes[*n].pinned);
            let first = nodes[central].items.iter().min_by_key(|i| (items[**i].text.chars().count(), items[**i].text));
            let central = first.copied().unwrap_or_default();
            (items[central].text.to_owned(), Group { members, central, pinned })
        })
        .collect();
    out.sort_by(|(a, x), (b, y)| a.cmp(b).then(x.pinned.cmp(&y.pinned)).then(x.members.cmp(&y.members)));
    out.into_iter().map(|(_, group)| group).collect()
}

/// One node a wording, in the order of the wordings: the order of the items is gone from here on.
fn nodes(items: &[Item<'_>], idf: &dyn Fn(u32) -> f32) -> Vec<Node> {
    let mut by_text: BTreeMap<(String, Option<usize>), Vec<usize>> = BTreeMap::new();
    for (number, item) in items.iter().enumerate() {
        let mut text = matter(item.text);
        text.retain(|c| !c.is_whitespace());
        by_text.entry((text, item.pinned)).or_default().push(number);
    }
    by_text
        .into_iter()
        .map(|((text, pinned), numbers)| {
            let first = numbers.iter().map(|n| items[*n].text).min().unwrap_or_default();
            let terms: Vec<(u32, f32)> = ngrams::set(&matter(first)).into_iter().map(|t| (t, idf(t))).collect();
            let norm = terms.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            Node { text, terms, norm, items: numbers, pinned }
        })
        .collect()
}

/// Pairs that are near enough, the most alike first.
fn edges(nodes: &[Node]) -> Vec<(f32, usize, usize)> {
    let mut lists: HashMap<u32, Vec<usize>> = HashMap::new();
    for (number, node) in nodes.iter().enumerate() {
        for (term, _) in node.terms.iter().filter(|(t, _)| ngrams::is_bigram(*t)) {
            lists.entry(*term).or_default().push(number);
        }
    }
    let mut out = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        let met = node.terms.iter().filter_map(|(term, _)| lists.get(term)).filter(|list| list.len() <= COMMON);
        let mut others: Vec<usize> = met.flatten().copied().filter(|other| *other > number).collect();
        // Words without a pair in common can still be the same single word.
        if number + 1 < nodes.len() && nodes[number + 1].text == node.text {
            others.push(number + 1);
        }
        others.sort_unstable();
        others.dedup();
        for other in others {
            let similarity = if nodes[other].text == node.text { 1.0 } else { similarity(node, &nodes[other]) };
            if similarity >= NEAR {
                out.push((similarity, number, other));
            }
        }
    }
    out.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    out
}

/// The wording that is most like all the others, those asked often counting more.
fn central(nodes: &[Node], own: &[usize]) -> usize {
    let near = |a: usize| -> f32 {
        own.iter()
            .map(|b| {
                let alike = if a == *b { 1.0 } else { similarity(&nodes[a.min(*b)], &nodes[a.max(*b)]) };
                alike * nodes[*b].items.len() as f32
            })
            .sum()
    };
    let mut best: Option<(f32, usize)> = None;
    for node in own {
        let score = near(*node);
        // Nodes come in the order of their words: the first of equals stays.
        if best.is_none_or(|(s, _)| score > s) {
            best = Some((score, *node));
        }
    }
    best.map_or(0, |(_, node)| node)
}

/// Union-find with a cap; what is pinned to a number is one from the start.
struct Components {
    parent: Vec<usize>,
    size: Vec<usize>,
    pinned: Vec<Option<usize>>,
}

impl Components {
    fn new(nodes: &[Node]) -> Self {
        let mut out = Self {
            parent: (0..nodes.len()).collect(),
            size: vec![1; nodes.len()],
            pinned: nodes.iter().map(|n| n.pinned).collect(),
        };
        let mut first: HashMap<usize, usize> = HashMap::new();
        for (number, node) in nodes.iter().enumerate() {
            if let Some(pin) = node.pinned {
                let root = *first.entry(pin).or_insert(number);
                out.unite(root, number);
            }
        }
        out
    }

    fn root(&self, mut node: usize) -> usize {
        while self.parent[node] != node {
            node = self.parent[node];
        }
        node
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        // The larger one stays, the first of equals: paths stay short.
        let (stays, goes) = if self.size[b] > self.size[a] { (b, a) } else { (a, b) };
        self.parent[goes] = stays;
        self.size[stays] += self.size[goes];
        self.pinned[stays] = self.pinned[stays].or(self.pinned[goes]);
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let at_work = self.pinned[a].is_some() && self.pinned[b].is_some();
        if a != b && !at_work && self.size[a] + self.size[b] <= MOST {
            self.unite(a, b);
        }
    }
}
