//! Linear classifiers over sparse rows: one L2-regularised squared-hinge SVM a label, by dual coordinate descent
//! (Hsieh et al. 2008, the solver of liblinear), with weights as signed bytes. Deterministic: the shuffling has a fixed seed.

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};

use super::random::Random;

/// One example: (column, value), sorted by column.
pub type Row = Vec<(u32, f32)>;

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitting {
    /// C: how much a mistake costs against large weights. At about 1 for rows of length 1 to √2.
    pub cost: f64,
    /// Passes over the examples at most.
    pub rounds: usize,
    /// Ends when the largest and the smallest projected gradient are this near to each other.
    pub tolerance: f64,
}

impl Default for Fitting {
    fn default() -> Self {
        Self { cost: 1.0, rounds: 60, tolerance: 0.02 }
    }
}

/// A separating plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// A weight for each column.
    pub weights: Vec<f32>,
    /// The constant term.
    pub bias: f32,
}

/// One plane a label, each label against all others. `labels[i]` is the label of `rows[i]`, below `count`;
/// a label without examples gets the plane that always says no.
#[must_use]
pub fn one_against_rest(rows: &[Row], labels: &[usize], count: usize, columns: usize, fitting: Fitting) -> Vec<Plane> {
    let squares: Vec<f64> = rows.iter().map(|r| r.iter().map(|(_, v)| f64::from(*v) * f64::from(*v)).sum()).collect();
    (0..count)
        .into_par_iter()
        .map(|label| {
            let positive: Vec<bool> = labels.iter().map(|l| *l == label).collect();
            if positive.iter().any(|p| *p) {
                plane(rows, &positive, &squares, columns, fitting)
            } else {
                Plane { weights: vec![0.0; columns], bias: -1.0 }
            }
        })
        .collect()
}

/// The plane with `positive` rows on one side: minimises ½|w|² + C·Σ max(0, 1 − y(w·x + b))².
fn plane(rows: &[Row], positive: &[bool], squares: &[f64], columns: usize, fitting: Fitting) -> Plane {
    let diagonal = 0.5 / fitting.cost;
    let mut weights = vec![0f32; columns];
    let mut bias = 0f64;
    let mut alpha = vec![0f64; rows.len()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut random = Random::new(7);
    let mut active = rows.len();
    let mut bound = f64::INFINITY;
    for _ in 0..fitting.rounds {
        random.shuffle(&mut order[..active]);
        let (mut largest, mut smallest) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut at = 0;
        while at < active {
            let i = order[at];
            let side = if positive[i] { 1.0 } else { -1.0 };
            let product: f32 = rows[i].iter().map(|&(column, value)| weights[column as usize] * value).sum();
            let gradient = side * (f64::from(product) + bias) - 1.0 + alpha[i] * diagonal;
            let mut projected = gradient;
            if alpha[i] == 0.0 {
                // Far on the right side: set aside until the rest has settled.
                if gradient > bound {
                    active -= 1;
                    order.swap(at, active);
                    continue;
                }
                projected = gradient.min(0.0);
            }
            largest = largest.max(projected);
            smallest = smallest.min(projected);
            if projected.abs() > 1e-12 {
                let before = alpha[i];
                alpha[i] = (before - gradient / (squares[i] + 1.0 + diagonal)).max(0.0);
                let step = (alpha[i] - before) * side;
                bias += step;
                for &(column, value) in &rows[i] {
                    weights[column as usize] += step as f32 * value;
                }
            }
            at += 1;
        }
        if largest - smallest <= fitting.tolerance {
            if active == rows.len() {
                break;
            }
            active = rows.len();
            bound = f64::INFINITY;
        } else {
            bound = if largest > 0.0 { largest } else { f64::INFINITY };
        }
    }
    Plane { weights, bias: bias as f32 }
}

/// Planes with their weights as signed bytes: label by label for each column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Packed {
    /// `columns × labels`, all labels of a column together.
    weights: Vec<i8>,
    /// What one step of a label's weights is worth.
    steps: Vec<f32>,
    biases: Vec<f32>,
}

impl Packed {
    /// Packs the given columns of the planes, in this order.
    #[must_use]
    pub fn new(planes: &[Plane], columns: &[u32]) -> Self {
        let steps: Vec<f32> = planes
            .iter()
            .map(|plane| {
                let largest = columns.iter().map(|c| plane.weights[*c as usize].abs()).fold(0f32, f32::max);
                if largest > 0.0 { largest / 127.0 } else { 1.0 }
            })
            .collect();
        let weights = columns
            .iter()
            .flat_map(|c| {
                planes
                    .iter()
                    .zip(&steps)
                    .map(|(plane, step)| (plane.weights[*c as usize] / step).round().clamp(-127.0, 127.0) as i8)
            })
            .collect();
        Self { weights, steps, biases: planes.iter().map(|p| p.bias).collect() }
    }

    /// The signed distance to each label's plane.
    #[must_use]
    pub fn scores(&self, row: &[(u32, f32)]) -> Vec<f32> {
        let labels = self.biases.len();
        let mut sums = vec![0f32; labels];
        for &(column, value) in row {
            let start = column as usize * labels;
            if let Some(weights) = self.weights.get(start..start + labels) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += value * f32::from(*weight);
                }
            }
        }
        sums.iter().zip(&self.steps).zip(&self.biases).map(|((sum, step), bias)| sum * step + bias).collect()
    }

    /// Bytes of the packed weights, scales and constants.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.weights.len() + 4 * (self.steps.len() + self.biases.len())
    }
}
