//! 统计: counts what happened. Pure functions over rows; no figure is made by a model.
//!
//! `facts` are the rows (read through the port in `store`), `span` the days, `figures` the table of everything that is counted:
//! each figure is two tests over a row, so that the list behind a number is the rows that pass. `parts` divides the rows, each
//! into exactly one part, so that parts add up. `stars` judges by the street's own thresholds. To add a figure: a line in
//! [`figures::FIGURES`].

pub mod facts;
pub mod figures;
pub mod parts;
pub mod span;
pub mod stars;
pub mod store;
