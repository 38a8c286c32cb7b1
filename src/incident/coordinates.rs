//! Positions: what a phone says (WGS-84), what maps in China show (GCJ-02), and how far two positions are apart.
//!
//! The offset of GCJ-02 is the well-known published approximation; the way back is found by repeating the way there, so
//! that both agree to less than a millimetre. Outside of China the two systems are the same.

use super::ticket::{Point, PointSystem};

/// Mean radius of the earth in metres, for distances.
const EARTH: f64 = 6_371_008.8;
/// Semi-major axis of the ellipsoid that the offset is defined on (Krasovsky 1940), metres.
const AXIS: f64 = 6_378_245.0;
/// Its squared eccentricity.
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// The bounds in which the offset is applied.
#[must_use]
pub fn in_china(lat: f64, lng: f64) -> bool {
    (0.8293..=55.8271).contains(&lat) && (72.004..=137.8347).contains(&lng)
}

/// True for a position on earth; false for NaN and for swapped or foreign numbers.
#[must_use]
pub fn is_on_earth(lat: f64, lng: f64) -> bool {
    (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng)
}

/// The same position in GCJ-02.
#[must_use]
pub fn to_gcj02(point: Point) -> Point {
    match point.system {
        PointSystem::Gcj02 => point,
        PointSystem::Wgs84 => {
            let (lat, lng) = shifted(point.lat, point.lng);
            Point { lat, lng, system: PointSystem::Gcj02, ..point }
        }
    }
}

/// The same position in WGS-84.
#[must_use]
pub fn to_wgs84(point: Point) -> Point {
    match point.system {
        PointSystem::Wgs84 => point,
        PointSystem::Gcj02 => {
            let (mut lat, mut lng) = (point.lat, point.lng);
            // At the edge of China the offset begins at once: a position there may have no way back and is left as it is.
            if in_china(lat, lng) {
                for _ in 0..8 {
                    let (there_lat, there_lng) = shifted(lat, lng);
                    lat -= there_lat - point.lat;
                    lng -= there_lng - point.lng;
                }
            }
            Point { lat, lng, system: PointSystem::Wgs84, ..point }
        }
    }
}

/// Metres between two positions along the surface (haversine), whatever their systems.
#[must_use]
pub fn distance_m(a: Point, b: Point) -> f64 {
    let (a, b) = if a.system == b.system { (a, b) } else { (to_wgs84(a), to_wgs84(b)) };
    let half = |x: f64| (x.to_radians() / 2.0).sin().powi(2);
    let h = half(b.lat - a.lat) + a.lat.to_radians().cos() * b.lat.to_radians().cos() * half(b.lng - a.lng);
    2.0 * EARTH * h.clamp(0.0, 1.0).sqrt().asin()
}

/// Metres east and north of `origin`, good for some kilometres around it; both in one system, degrees.
#[must_use]
pub fn plane(origin: (f64, f64), lat: f64, lng: f64) -> (f64, f64) {
    let east = (lng - origin.1).to_radians() * origin.0.to_radians().cos() * EARTH;
    let north = (lat - origin.0).to_radians() * EARTH;
    (east, north)
}

/// WGS-84 to GCJ-02 in degrees.
fn shifted(lat: f64, lng: f64) -> (f64, f64) {
    if !in_china(lat, lng) {
        return (lat, lng);
    }
    let (x, y) = (lng - 105.0, lat - 35.0);
    let root = x.abs().sqrt();
    let wave = |v: f64| (v * std::f64::consts::PI).sin();
    let fine = (20.0 * wave(6.0 * x) + 20.0 * wave(2.0 * x)) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + fine
        + (20.0 * wave(y) + 40.0 * wave(y / 3.0)) * 2.0 / 3.0
        + (160.0 * wave(y / 12.0) + 320.0 * wave(y / 30.0)) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + fine
        + (20.0 * wave(x) + 40.0 * wave(x / 3.0)) * 2.0 / 3.0
        + (150.0 * wave(x / 12.0) + 300.0 * wave(x / 30.0)) * 2.0 / 3.0;
    let radians = lat.to_radians();
    let flat = 1.0 - ECCENTRICITY * radians.sin().powi(2);
    let meridian = AXIS * (1.0 - ECCENTRICITY) / (flat * flat.sqrt());
    let parallel = AXIS / flat.sqrt() * radians.cos();
    (lat + (north / meridian).to_degrees(), lng + (east / parallel).to_degrees())
}
