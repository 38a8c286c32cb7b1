import type { Shape } from '../../staff/client'

type Point = Shape<'Point'>
export interface Degrees {
  lat: number
  lng: number
}

const AXIS = 6_378_245
const FLAT = 0.006_693_421_622_965_943

/** How far maps published in China are moved at a place, in degrees. */
function shift(lat: number, lng: number): Degrees {
  const [x, y] = [lng - 105, lat - 35]
  const wave = (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3)
  const south =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    wave +
    ((20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * 2) / 3 +
    ((160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    wave +
    ((20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * 2) / 3 +
    ((150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3
  const angle = (lat / 180) * Math.PI
  const magic = 1 - FLAT * Math.sin(angle) ** 2
  return {
    lat: (south * 180) / (((AXIS * (1 - FLAT)) / (magic * Math.sqrt(magic))) * Math.PI),
    lng: (east * 180) / ((AXIS / Math.sqrt(magic)) * Math.cos(angle) * Math.PI),
  }
}

/** A position as GPS gives it. */
export function gps(point: Point): Degrees {
  if (point.system === 'wgs84') return { lat: point.lat, lng: point.lng }
  let { lat, lng } = point
  for (let i = 0; i < 8; i++) {
    const moved = shift(lat, lng)
    lat -= lat + moved.lat - point.lat
    lng -= lng + moved.lng - point.lng
  }
  return { lat, lng }
}

export interface Frame {
  width: number
  height: number
  x: (at: Degrees) => number
  y: (at: Degrees) => number
}

/** A flat picture, `width` wide, in which all of these lie, with an edge around them. */
export function frameOf(all: readonly Degrees[], width: number, edge: number): Frame {
  const [west, east] = [Math.min(...all.map((p) => p.lng)), Math.max(...all.map((p) => p.lng))]
  const [south, north] = [Math.min(...all.map((p) => p.lat)), Math.max(...all.map((p) => p.lat))]
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const scale = (width - 2 * edge) / Math.max((east - west) * squeeze, (north - south) * 0.8, 1e-6)
  const across = (east - west) * squeeze * scale
  return {
    width,
    height: Math.round((north - south) * scale + 2 * edge),
    x: (at) => (width - across) / 2 + (at.lng - west) * squeeze * scale,
    y: (at) => edge + (north - at.lat) * scale,
  }
}

export const middle = (all: readonly Degrees[]): Degrees => ({
  lat: all.reduce((s, p) => s + p.lat, 0) / all.length,
  lng: all.reduce((s, p) => s + p.lng, 0) / all.length,
})
