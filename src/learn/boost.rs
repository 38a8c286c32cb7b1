//! Boosted decision trees that learn an order (LambdaRank): a small re-ranker over a handful of features.
//!
//! Histograms over at most 64 bins a feature, trees grown leaf by leaf. Deterministic: each histogram is summed by one
//! thread in the order of the rows, so the number of threads changes nothing.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::learn::random::Random;

/// Bins of a feature at most.
const BINS: usize = 64;

/// How to grow.
#[derive(Debug, Clone, Copy)]
pub struct Growing {
    /// Trees.
    pub trees: usize,
    /// Leaves of a tree at most.
    pub leaves: usize,
    /// Step.
    pub rate: f64,
    /// Rows of a leaf at least.
    pub least: u32,
    /// Share (0..1) of the features that a tree may use.
    pub features: f32,
    /// Share (0..1) of the rows that a tree sees.
    pub rows: f32,
    /// L2 on the values of leaves.
    pub l2: f64,
    /// Only pairs that reach into the first so many of the present order count.
    pub truncation: usize,
    /// Of what is drawn.
    pub seed: u64,
}

impl Default for Growing {
    fn default() -> Self {
        Self { trees: 150, leaves: 15, rate: 0.05, least: 40, features: 0.6, rows: 0.8, l2: 5.0, truncation: 15, seed: 1 }
    }
}

/// Rows to learn from, in groups of which each is one question's candidates.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Features a row.
    pub width: usize,
    /// Row by row.
    pub values: Vec<f32>,
    /// 1 for a right candidate, 0 for another.
    pub right: Vec<bool>,
    /// Where each group ends.
    pub ends: Vec<usize>,
}

impl Rows {
    /// For rows of this many features.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a group. One without a right row, or with nothing else, teaches nothing and is passed over; false then.
    pub fn push<'a>(&mut self, rows: impl IntoIterator<Item = (&'a [f32], bool)>) -> bool {
        let begin = self.right.len();
        for (values, right) in rows {
            self.values.extend(values.iter().take(self.width));
            self.values.resize((self.right.len() + 1) * self.width, 0.0);
            self.right.push(right);
        }
        let own = &self.right[begin..];
        if own.iter().any(|r| *r) && own.iter().any(|r| !r) {
            self.ends.push(self.right.len());
            return true;
        }
        self.right.truncate(begin);
        self.values.truncate(begin * self.width);
        false
    }

    /// The rows of a group with what is right, in the order in which they were added.
    pub fn group(&self, n: usize) -> impl Iterator<Item = (&[f32], bool)> {
        let end = self.ends.get(n).copied().unwrap_or_default();
        let begin = if n == 0 { 0 } else { self.ends.get(n - 1).copied().unwrap_or_default() };
        let values = self.values[begin * self.width..end * self.width].chunks_exact(self.width.max(1));
        values.zip(self.right[begin..end].iter().copied())
    }
}

impl Rows {
    /// The place (from 0) of the first right row of a group when its rows are put in order by a score, the best first.
    #[must_use]
    pub fn place(&self, group: usize, score: impl Fn(&[f32]) -> f32) -> Option<usize> {
        let mut rows: Vec<(f32, bool)> = self.group(group).map(|(row, right)| (score(row), right)).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        rows.iter().position(|(_, right)| *right)
    }
}

/// A branch, or (when `feature` is [`LEAF`]) a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node {
    feature: u16,
    /// Rows with a value at most this go left; the value of a leaf.
    value: f32,
    left: u16,
    right: u16,
}

const LEAF: u16 = u16::MAX;

/// A trained order: the sum of the trees' values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    trees: Vec<Vec<Node>>,
}

impl Forest {
    /// The score of a row: only differences to other rows of the same question mean something.
    #[must_use]
    pub fn score(&self, row: &[f32]) -> f32 {
        self.trees.iter().map(|tree| walk(tree, row)).sum()
    }

    /// The scores of many rows, tree by tree, so that a tree stays in the nearest memory.
    #[must_use]
    pub fn scores(&self, rows: &[impl AsRef<[f32]>]) -> Vec<f32> {
        let mut out = vec![0f32; rows.len()];
        for tree in &self.trees {
            out.iter_mut().zip(rows).for_each(|(o, row)| *o += walk(tree, row.as_ref()));
        }
        out
    }

    /// Puts the trees of several trainings together.
    #[must_use]
    pub fn sum(forests: impl IntoIterator<Item = Self>) -> Self {
        Self { trees: forests.into_iter().flat_map(|f| f.trees).collect() }
    }

    /// How often each feature splits.
    #[must_use]
    pub fn uses(&self, width: usize) -> Vec<usize> {
        let mut out = vec![0; width];
        for node in self.trees.iter().flatten().filter(|n| n.feature != LEAF) {
            if let Some(n) = out.get_mut(usize::from(node.feature)) {
                *n += 1;
            }
        }
        out
    }
}

fn walk(tree: &[Node], row: &[f32]) -> f32 {
    let mut at = 0usize;
    while let Some(node) = tree.get(at) {
        if node.feature == LEAF {
            return node.value;
        }
        let value = row.get(usize::from(node.feature)).copied().unwrap_or(0.0);
        at = usize::from(if value <= node.value { node.left } else { node.right });
    }
    0.0
}

/// Rows by bins, feature by feature.
struct Binned {
    columns: Vec<Vec<u8>>,
    /// Upper bound of each bin but the last.
    bounds: Vec<Vec<f32>>,
}

impl Binned {
    fn new(rows: &Rows) -> Self {
        let of = |feature: usize| -> (Vec<u8>, Vec<f32>) {
            let column = || rows.values.iter().skip(feature).step_by(rows.width.max(1)).copied();
            let mut sorted: Vec<f32> = column().collect();
            sorted.sort_unstable_by(f32::total_cmp);
            let mut distinct: Vec<f32> = sorted.clone();
            distinct.dedup();
            let mut bounds: Vec<f32> = if distinct.len() <= BINS {
                distinct.windows(2).map(|w| f32::midpoint(w[0], w[1])).collect()
            } else {
                (1..BINS).map(|i| sorted[i * sorted.len() / BINS]).collect()
            };
            bounds.dedup();
            (column().map(|x| bounds.partition_point(|b| *b < x) as u8).collect(), bounds)
        };
        let (columns, bounds) = (0..rows.width).into_par_iter().map(of).unzip();
        Self { columns, bounds }
    }
}

/// Gradient, curvature and count of the rows in a bin.
#[derive(Clone, Copy, Default)]
struct Sum {
    gradient: f64,
    curvature: f64,
    count: u32,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.curvature += other.curvature;
        self.count += other.count;
    }

    fn without(self, other: Self) -> Self {
        Self {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            count: self.count - other.count,
        }
    }

    fn worth(self, l2: f64) -> f64 {
        self.gradient * self.gradient / (self.curvature + l2)
    }
}

type Histogram = Vec<[Sum; BINS]>;

#[derive(Clone, Copy)]
struct Split {
    gain: f64,
    feature: usize,
    bin: u8,
}

/// A leaf that may still be split.
struct Leaf {
    node: usize,
    rows: Vec<u32>,
    histogram: Histogram,
    total: Sum,
    best: Option<Split>,
}

/// Learns an order.
#[must_use]
pub fn train(rows: &Rows, how: &Growing) -> Forest {
    let binned = Binned::new(rows);
    let mut random = Random::new(how.seed);
    let count = rows.right.len();
    let mut scores = vec![0f64; count];
    let mut trees = Vec::with_capacity(how.trees);
    let mut features: Vec<usize> = (0..rows.width).collect();
    let take = ((rows.width as f32 * how.features).ceil() as usize).clamp(1, rows.width.max(1));
    for _ in 0..how.trees {
        let slopes = slopes(rows, &scores, how.truncation);
        random.shuffle(&mut features);
        let mut used = features[..take.min(features.len())].to_vec();
        used.sort_unstable();
        let sample: Vec<u32> = (0..count as u32).filter(|_| random.unit() < how.rows).collect();
        let tree = grow(&binned, &slopes, sample, &used, how);
        scores.par_iter_mut().enumerate().with_min_len(4096).for_each(|(n, score)| {
            *score += f64::from(walk(&tree, &rows.values[n * rows.width..(n + 1) * rows.width]));
        });
        trees.push(tree);
    }
    Forest { trees }
}

fn histogram(binned: &Binned, slopes: &[(f32, f32)], rows: &[u32], used: &[usize]) -> Histogram {
    used.par_iter()
        .map(|feature| {
            let column = &binned.columns[*feature];
            let mut out = [Sum::default(); BINS];
            for row in rows {
                let (gradient, curvature) = slopes[*row as usize];
                let bin = &mut out[usize::from(column[*row as usize])];
                bin.gradient += f64::from(gradient);
                bin.curvature += f64::from(curvature);
                bin.count += 1;
            }
            out
        })
        .collect()
}

fn best(histogram: &Histogram, total: Sum, used: &[usize], binned: &Binned, how: &Growing) -> Option<Split> {
    let mut best: Option<Split> = None;
    for (sums, feature) in histogram.iter().zip(used) {
        let mut left = Sum::default();
        for (bin, sum) in sums.iter().enumerate().take(binned.bounds[*feature].len()) {
            left.add(*sum);
            let right = total.without(left);
            if left.count < how.least || right.count < how.least || left.curvature < 1e-3 || right.curvature < 1e-3 {
                continue;
            }
            let gain = left.worth(how.l2) + right.worth(how.l2) - total.worth(how.l2);
            if gain > 1e-9 && best.is_none_or(|b| gain > b.gain) {
                best = Some(Split { gain, feature: *feature, bin: bin as u8 });
            }
        }
    }
    best
}

fn grow(binned: &Binned, slopes: &[(f32, f32)], sample: Vec<u32>, used: &[usize], how: &Growing) -> Vec<Node> {
    let leaf = |node: usize, rows: Vec<u32>, histogram: Histogram| -> Leaf {
        let mut total = Sum::default();
        if let Some(sums) = histogram.first() {
            for s in sums {
                total.add(*s);
            }
        }
        let best = best(&histogram, total, used, binned, how);
        Leaf { node, rows, histogram, total, best }
    };
    let value = |total: Sum| (-total.gradient / (total.curvature + how.l2) * how.rate) as f32;
    let end = |total: Sum| Node { feature: LEAF, value: value(total), left: 0, right: 0 };
    let root = histogram(binned, slopes, &sample, used);
    let mut leaves = vec![leaf(0, sample, root)];
    let mut nodes = vec![end(leaves[0].total)];
    while leaves.len() < how.leaves {
        let gain = |l: &Leaf| l.best.map_or(0.0, |b| b.gain);
        let Some(place) = (0..leaves.len()).reduce(|a, b| if gain(&leaves[b]) > gain(&leaves[a]) { b } else { a }) else { break };
        let Some(split) = leaves[place].best else { break };
        let parent = leaves.swap_remove(place);
        let column = &binned.columns[split.feature];
        let (left, right): (Vec<u32>, Vec<u32>) = parent.rows.iter().partition(|row| column[**row as usize] <= split.bin);
        let small = histogram(binned, slopes, if left.len() <= right.len() { &left } else { &right }, used);
        let large: Histogram = parent
            .histogram
            .iter()
            .zip(&small)
            .map(|(all, small)| std::array::from_fn(|bin| all[bin].without(small[bin])))
            .collect();
        let (of_left, of_right) = if left.len() <= right.len() { (small, large) } else { (large, small) };
        let next = nodes.len();
        let (left, right) = (leaf(next, left, of_left), leaf(next + 1, right, of_right));
        nodes[parent.node] = Node {
            feature: split.feature as u16,
            value: binned.bounds[split.feature][usize::from(split.bin)],
            left: next as u16,
            right: next as u16 + 1,
        };
        nodes.push(end(left.total));
        nodes.push(end(right.total));
        leaves.push(left);
        leaves.push(right);
    }
    nodes
}

/// First and second derivatives by each row's score: pairs of a right and a wrong row, weighed by what their exchange would
/// change in nDCG.
fn slopes(rows: &Rows, scores: &[f64], truncation: usize) -> Vec<(f32, f32)> {
    let begins = std::iter::once(0).chain(rows.ends.iter().copied());
    let groups: Vec<(usize, usize)> = begins.zip(rows.ends.iter().copied()).collect();
    groups
        .par_iter()
        .flat_map_iter(|(begin, end)| of_group(&rows.right[*begin..*end], &scores[*begin..*end], truncation))
        .collect()
}

fn of_group(right: &[bool], scores: &[f64], truncation: usize) -> Vec<(f32, f32)> {
    let mut out = vec![(0f64, 0f64); right.len()];
    let mut order: Vec<usize> = (0..right.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let good = right.iter().filter(|r| **r).count();
    let ideal: f64 = (0..good.min(truncation)).map(discount).sum();
    let (Some(first), Some(last)) = (order.first(), order.last()) else { return Vec::new() };
    let spread = (scores[*first] - scores[*last]).abs() > 1e-12;
    let mut sum = 0f64;
    for (i, &a) in order.iter().enumerate().take(truncation) {
        for (j, &b) in order.iter().enumerate().skip(i + 1) {
            if right[a] == right[b] {
                continue;
            }
            let (high, low) = if right[a] { (a, b) } else { (b, a) };
            let apart = scores[high] - scores[low];
            let mut change = (discount(i) - discount(j)) / ideal;
            if spread {
                change /= 0.01 + apart.abs();
            }
            let doubt = 1.0 / (1.0 + apart.exp());
            let (slope, bend) = (doubt * change, doubt * (1.0 - doubt) * change);
            out[high].0 -= slope;
            out[low].0 += slope;
            out[high].1 += bend;
            out[low].1 += bend;
            sum += 2.0 * slope;
        }
    }
    let by = if sum > 0.0 { (1.0 + sum).log2() / sum } else { 1.0 };
    out.into_iter().map(|(g, h)| ((g * by) as f32, (h * by) as f32)).collect()
}
