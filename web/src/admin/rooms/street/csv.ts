// Tables as the street's files hold them: RFC 4180, with the line that each row begins on, since complaints name lines.

export interface CsvRow {
  cells: string[]
  /** From 1, the header's. */
  line: number
}
export interface Csv {
  columns: string[]
  rows: CsvRow[]
}

export function parseCsv(text: string): Csv {
  const rows: CsvRow[] = []
  let cells: string[] = []
  let cell = ''
  let quoted = false
  let [line, began] = [1, 1]
  const end = () => {
    cells.push(cell)
    // A line without anything is no row.
    if (cells.length > 1 || cell !== '') rows.push({ cells, line: began })
    ;[cells, cell] = [[], '']
  }
  const whole = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  for (let at = 0; at < whole.length; at++) {
    const c = whole[at]!
    if (c === '\n') line++
    if (quoted) {
      if (c === '"' && whole[at + 1] === '"') ((cell += '"'), at++)
      else if (c === '"') quoted = false
      else cell += c
    } else if (c === '"' && cell === '') quoted = true
    else if (c === ',') (cells.push(cell), (cell = ''))
    else if (c === '\n') (end(), (began = line))
    else cell += c
  }
  if (cell !== '' || cells.length > 0) end()
  return { columns: (rows.shift()?.cells ?? []).map((c) => c.trim()), rows }
}

const written = (cell: string) => (/[",\n\r]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell)

export function writeCsv(columns: readonly string[], rows: readonly Pick<CsvRow, 'cells'>[]): string {
  return [columns, ...rows.map((r) => columns.map((_, at) => r.cells[at] ?? ''))]
    .map((cells) => `${cells.map(written).join(',')}\n`)
    .join('')
}

/** What somebody chose to bring, as text: UTF-8, or as spreadsheets of Chinese Windows write it. */
export function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) throw new Error('这是表格软件的工作簿，请在表格软件里“另存为”CSV（逗号分隔）后再上传。')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}
