//! Counting: parts add up, days end at the street's midnight, nothing counted gives nothing, and files say the same.

mod counting;
mod files;
mod stars;
