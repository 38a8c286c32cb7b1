//! The office's table of entries. Every wrong row is told, and one wrong row is enough to take nothing.

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{Entry, Matter};
use crate::core::ids::named;
use crate::incident::coordinates;
use crate::incident::gazetteer::Gazetteer;
use crate::incident::table::{self, DataError};
use crate::incident::ticket::{Point, PointSystem};

/// Name of the table in complaints.
pub const FILE: &str = "台账";
/// Most rows of one table.
const MAX_ROWS: usize = 5_000;

#[derive(Debug, Deserialize)]
struct Row {
    kind: String,
    number: String,
    grid_code: String,
    place: String,
    interval_days: String,
    next_due: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    lat: String,
    #[serde(default)]
    lng: String,
    #[serde(default)]
    system: String,
}

/// Reads `kind,number,grid_code,place,interval_days,next_due,details,lat,lng,system`. An entry's id follows from kind and number, so
/// that the same table again names the same entries.
///
/// # Errors
/// All that is wrong, row by row.
pub fn read(text: &str, grids: &Gazetteer, today: Date, sample: bool) -> Result<Vec<Entry>, Vec<DataError>> {
    let rows = table::rows::<Row>(FILE, text).map_err(|e| vec![e])?;
    if rows.is_empty() {
        return Err(vec![DataError::file(FILE, "没有一行台账")]);
    }
    if rows.len() > MAX_ROWS {
        return Err(vec![DataError::file(FILE, format!("一次最多{MAX_ROWS}行，请分几次导入"))]);
    }
    let (mut out, mut wrong, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (line, row) in rows {
        if !seen.insert((row.kind.clone(), row.number.clone())) {
            wrong.push(DataError::row(FILE, line, format!("{}的档案号{}重复", row.kind, row.number)));
            continue;
        }
        match entry(row, grids, today, sample) {
            Ok(entry) => out.push(entry),
            Err(why) => wrong.push(DataError::row(FILE, line, why)),
        }
    }
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
}

fn entry(row: Row, grids: &Gazetteer, today: Date, sample: bool) -> Result<Entry, String> {
    let short = |name: &str, text: &str, most: usize| match text.chars().count() {
        0 => Err(format!("{name}没有填")),
        n if n > most => Err(format!("{name}最多{most}个字")),
        _ => Ok(()),
    };
    short("类别（kind）", &row.kind, 20)?;
    short("档案号（number）", &row.number, 40)?;
    short("地点（place）", &row.place, 100)?;
    if row.details.chars().count() > 300 {
        return Err("说明（details）最多300个字".to_owned());
    }
    let grid = grids.grid(&row.grid_code).ok_or_else(|| format!("网格 {} 不在网格目录里", row.grid_code))?;
    let interval_days = row.interval_days.parse::<u16>().ok().filter(|d| (1..=366).contains(d));
    let interval_days = interval_days.ok_or("走访间隔（interval_days）应为1到366天")?;
    let next_due = day(&row.next_due, today).ok_or("下次走访日期（next_due）应写成 2026-03-01，或 +7（7天后）")?;
    let id: Uuid = named(&format!("gridworker-ledger\n{}\n{}", row.kind, row.number));
    Ok(Entry {
        id,
        community: grid.community.clone(),
        grid_code: grid.grid_code.clone(),
        matter: Matter { point: point(&row)?, place: row.place, details: row.details },
        kind: row.kind,
        number: row.number,
        interval_days,
        next_due,
        sample,
    })
}

/// A date, or days from today.
fn day(cell: &str, today: Date) -> Option<Date> {
    match cell.strip_prefix('+').map(|n| (1, n)).or_else(|| cell.strip_prefix('-').map(|n| (-1, n))) {
        Some((sign, days)) => {
            let days = days.parse::<i64>().ok().filter(|d| *d <= 3660)?;
            today.checked_add(Span::new().days(sign * days)).ok()
        }
        None => cell.parse().ok(),
    }
}

fn point(row: &Row) -> Result<Option<Point>, String> {
    if row.lat.is_empty() && row.lng.is_empty() {
        return Ok(None);
    }
    let (Ok(lat), Ok(lng)) = (row.lat.parse::<f64>(), row.lng.parse::<f64>()) else {
        return Err("经纬度（lat、lng）应都是数字，或都不填".to_owned());
    };
    let system = match row.system.as_str() {
        "" | "gcj02" => PointSystem::Gcj02,
        "wgs84" => PointSystem::Wgs84,
        _ => return Err("坐标系（system）应为 gcj02 或 wgs84".to_owned()),
    };
    if !coordinates::in_china(lat, lng) {
        return Err("经纬度不在中国境内，lat 是纬度、lng 是经度".to_owned());
    }
    Ok(Some(Point { lat, lng, system, accuracy_m: None }))
}
