import type { Shape } from '../../../staff/client'

export type Line = Shape<'DifferenceLine'>

/** A row of two texts side by side; a gap stands for lines that are the same and not shown. */
export interface SideRow {
  left?: Line
  right?: Line
  gap?: boolean
}

const changedInside = (line: Line | undefined) => line?.spans.some((s) => s.mark === 'same') ?? false

/** Puts the lines of a difference beside each other: what was changed stands in one row, what came or went alone. */
export function sideBySide(lines: readonly Line[]): SideRow[] {
  const rows: SideRow[] = []
  let gone: Line[] = []
  let added: Line[] = []
  let [old, next] = [0, 0]
  function flush(): void {
    const pair = Math.min(gone.length, added.length)
    if (pair > 0 && changedInside(gone.at(-1)) && changedInside(added[0])) {
      // One changed line: what went before it went alone.
      rows.push(
        ...gone.slice(0, -1).map((left) => ({ left })),
        { left: gone.at(-1), right: added[0] },
        ...added.slice(1).map((right) => ({ right })),
      )
    } else {
      for (let at = 0; at < Math.max(gone.length, added.length); at += 1) rows.push({ left: gone[at], right: added[at] })
    }
    gone = []
    added = []
  }
  for (const line of lines) {
    const jumped = (line.old ?? 0) > old + 1 || (line.new ?? 0) > next + 1
    if (jumped) {
      flush()
      rows.push({ gap: true })
    }
    old = line.old ?? old
    next = line.new ?? next
    if (line.mark === 'same') {
      flush()
      rows.push({ left: line, right: line })
    } else if (line.mark === 'gone') {
      if (added.length > 0) flush()
      gone.push(line)
    } else {
      added.push(line)
    }
  }
  flush()
  return rows
}
