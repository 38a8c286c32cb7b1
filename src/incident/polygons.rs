//! The grids' ground (polygons.geojson, optional): a `FeatureCollection` of polygons with the property `grid_code`, in the
//! system that the collection's member `coordinate_system` names (`gcj02` or `wgs84`).
//!
//! A phone's position decides a grid only inside exactly one polygon and farther from its border than the position may be
//! wrong; else it offers choices.

use geo::{
    Area as _, BooleanOps as _, BoundingRect as _, Contains as _, Coord, Intersects as _, LineString, MultiPolygon, Polygon,
    Rect, Validation as _,
};
use geojson::{FeatureCollection, GeoJson, Value};
use jiff::civil::Date;

use super::{
    coordinates,
    gazetteer::Gazetteer,
    table::DataError,
    ticket::{Point, PointSystem},
};

/// Name of the file.
pub const FILE: &str = "polygons.geojson";
/// How far a position may be wrong when the device does not say, in metres.
pub const ACCURACY: f64 = 30.0;
/// Overlaps up to this many square metres come from drawing, not from a boundary drawn twice.
const SLIVER: f64 = 20.0;
/// Most choices that a position offers.
const CHOICES: usize = 6;

#[derive(Debug, Clone)]
struct Ground {
    grid_code: String,
    /// WGS-84, x is the longitude.
    shape: MultiPolygon<f64>,
    bounds: Rect<f64>,
}

/// What the map says about a position.
#[derive(Debug, Clone, PartialEq)]
pub enum Located {
    /// Inside exactly one grid, and farther from its border than the position may be wrong.
    Sure(String),
    /// These grids' codes, the nearer first: the position may be in any of them.
    Choices(Vec<String>),
    /// In none of the drawn grids, nor near one.
    Nowhere,
}

/// The grids that are drawn.
#[derive(Debug, Default)]
pub struct GridMap {
    grounds: Vec<Ground>,
}

impl GridMap {
    /// Reads the map and checks it against the directory.
    ///
    /// # Errors
    /// No valid collection, no or an unknown `coordinate_system`, an unknown or repeated grid, a geometry that is no polygon,
    /// crosses itself or lies outside of China, and two grids of one day that overlap.
    pub fn from_geojson(text: &str, gazetteer: &Gazetteer) -> Result<Self, DataError> {
        let bad = |message: String| DataError::file(FILE, message);
        let read: GeoJson = text.parse().map_err(|e: geojson::Error| bad(format!("不是有效的 GeoJSON：{e}")))?;
        let collection = FeatureCollection::try_from(read).map_err(|e| bad(format!("应为 FeatureCollection：{e}")))?;
        let member = collection.foreign_members.as_ref().and_then(|m| m.get("coordinate_system")).and_then(|v| v.as_str());
        let system = match member {
            Some("gcj02") => PointSystem::Gcj02,
            Some("wgs84") => PointSystem::Wgs84,
            _ => return Err(bad("coordinate_system 应写明 gcj02 或 wgs84".to_owned())),
        };
        let mut grounds: Vec<Ground> = Vec::new();
        for (feature, n) in collection.features.iter().zip(1..) {
            let code = feature.property("grid_code").and_then(|v| v.as_str()).unwrap_or_default();
            if gazetteer.grid(code).is_none() {
                return Err(bad(format!("第{n}个要素的 grid_code「{code}」不在网格目录里")));
            }
            if grounds.iter().any(|g| g.grid_code == code) {
                return Err(bad(format!("网格 {code} 画了两次，多块的请合为一个 MultiPolygon")));
            }
            let parts = match feature.geometry.as_ref().map(|g| &g.value) {
                Some(Value::Polygon(rings)) => vec![polygon(rings, system)],
                Some(Value::MultiPolygon(parts)) => parts.iter().map(|rings| polygon(rings, system)).collect(),
                _ => return Err(bad(format!("网格 {code} 应为 Polygon 或 MultiPolygon"))),
            };
            let parts: Option<Vec<Polygon<f64>>> = parts.into_iter().collect();
            let parts = parts.ok_or_else(|| bad(format!("网格 {code} 的坐标应为中国境内的 [经度, 纬度]")))?;
            let shape = MultiPolygon::new(parts);
            shape.check_validation().map_err(|e| bad(format!("网格 {code} 的边界不成立（自相交或点数不足）：{e}")))?;
            let bounds = shape.bounding_rect().ok_or_else(|| bad(format!("网格 {code} 没有面积")))?;
            grounds.push(Ground { grid_code: code.to_owned(), shape, bounds });
        }
        let map = Self { grounds };
        map.no_overlap(gazetteer)?;
        Ok(map)
    }

    fn no_overlap(&self, gazetteer: &Gazetteer) -> Result<(), DataError> {
        let validity = |g: &Ground| gazetteer.grid(&g.grid_code).map(|grid| grid.validity).unwrap_or_default();
        for (i, a) in self.grounds.iter().enumerate() {
            for b in &self.grounds[i + 1..] {
                if !a.bounds.intersects(&b.bounds) || !validity(a).meets(&validity(b)) {
                    continue;
                }
                let middle = a.bounds.center();
                let degree = square_metres(middle);
                let common = a.shape.intersection(&b.shape).unsigned_area() * degree;
                if common > SLIVER {
                    let message = format!("网格 {} 与 {} 重叠约{common:.0}平方米", a.grid_code, b.grid_code);
                    return Err(DataError::file(FILE, message));
                }
            }
        }
        Ok(())
    }

    /// The outer lines of a grid's ground, in WGS-84, x the longitude; none when it is not drawn.
    #[must_use]
    pub fn outline(&self, grid_code: &str) -> Vec<Vec<Point>> {
        let point = |c: &Coord<f64>| Point { lat: c.y, lng: c.x, system: PointSystem::Wgs84, accuracy_m: None };
        let ground = self.grounds.iter().find(|g| g.grid_code == grid_code);
        ground.into_iter().flat_map(|g| &g.shape).map(|part| part.exterior().coords().map(point).collect()).collect()
    }

    /// How many grids are drawn.
    #[must_use]
    pub fn len(&self) -> usize {
        self.grounds.len()
    }

    /// No grid is drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.grounds.is_empty()
    }

    /// The grid at a position that may be wrong by [`Point::accuracy_m`] metres ([`ACCURACY`] when it does not say), of
    /// the grids that hold on `day`.
    #[must_use]
    pub fn locate(&self, point: Point, day: Date, gazetteer: &Gazetteer) -> Located {
        let here = coordinates::to_wgs84(point);
        let at = Coord { x: here.lng, y: here.lat };
        let accuracy = point.accuracy_m.filter(|a| a.is_finite() && *a >= 0.0).unwrap_or(ACCURACY);
        let mut near: Vec<(f64, bool, &Ground)> = Vec::new();
        for ground in &self.grounds {
            if !gazetteer.grid(&ground.grid_code).is_some_and(|g| g.validity.holds(day)) {
                continue;
            }
            let inside = ground.shape.contains(&geo::Point(at));
            let border = border_m(&ground.shape, at);
            if inside || border <= accuracy {
                near.push((if inside { 0.0 } else { border }, inside && border > accuracy, ground));
            }
        }
        if let [(_, true, only)] = near.as_slice() {
            return Located::Sure(only.grid_code.clone());
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let codes: Vec<String> = near.into_iter().take(CHOICES).map(|(_, _, g)| g.grid_code.clone()).collect();
        if codes.is_empty() { Located::Nowhere } else { Located::Choices(codes) }
    }
}

/// A polygon in WGS-84; `None` when a position is not in China.
fn polygon(rings: &[Vec<Vec<f64>>], system: PointSystem) -> Option<Polygon<f64>> {
    let mut lines = rings.iter().map(|ring| {
        let coords: Option<Vec<Coord<f64>>> = ring
            .iter()
            .map(|position| {
                let (lng, lat) = (*position.first()?, *position.get(1)?);
                if !coordinates::in_china(lat, lng) {
                    return None;
                }
                let here = coordinates::to_wgs84(Point { lat, lng, system, accuracy_m: None });
                Some(Coord { x: here.lng, y: here.lat })
            })
            .collect();
        coords.map(LineString::new)
    });
    let outer = lines.next()??;
    let holes: Option<Vec<_>> = lines.collect();
    Some(Polygon::new(outer, holes?))
}

/// Square metres of one square degree around here.
fn square_metres(at: Coord<f64>) -> f64 {
    let (east, north) = coordinates::plane((at.y, at.x), at.y + 1e-3, at.x + 1e-3);
    (east * north / 1e-6).abs()
}

/// Metres from a position to the nearest border of the shape, outer or of a hole.
fn border_m(shape: &MultiPolygon<f64>, at: Coord<f64>) -> f64 {
    let flat = |c: &Coord<f64>| coordinates::plane((at.y, at.x), c.y, c.x);
    let rings = shape.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    rings
        .flat_map(|ring| ring.0.windows(2).map(|pair| (flat(&pair[0]), flat(&pair[1]))))
        .map(|((ax, ay), (bx, by))| {
            // Distance of the origin to the stretch from a to b.
            let (dx, dy) = (bx - ax, by - ay);
            let length = dx * dx + dy * dy;
            let along = if length > 0.0 { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
            (ax + along * dx).hypot(ay + along * dy)
        })
        .fold(f64::INFINITY, f64::min)
}
