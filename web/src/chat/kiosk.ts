/** Seconds without a touch after which a shared machine asks, and then for how long it asks. */
const IDLE = 90
export const GRACE = 20

/** `?kiosk=1`, or with seconds of its own: `?kiosk=60`. Undefined: somebody's own device. */
export function kioskSeconds(asked: string | null): number | undefined {
  if (asked === null || asked === '0') return undefined
  const seconds = Number(asked)
  return Number.isInteger(seconds) && seconds >= 10 && seconds <= 3600 ? seconds : IDLE
}
