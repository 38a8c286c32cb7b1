import type { Column } from './table'

/** A spreadsheet would run these as a formula. */
const FORMULA = /^[=+\-@\t\r]/

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** The column that says which rows a model helped with; it is there only when there are such rows. */
export function labelled<T>(columns: readonly Column<T>[], rows: readonly T[], generated?: (row: T) => boolean): readonly Column<T>[] {
  if (!generated || !rows.some(generated)) return columns
  return [
    ...columns,
    { key: 'ai-label', title: '内容标识', text: (row) => (generated(row) ? '部分内容由AI辅助生成，仅供参考' : ''), width: 240 },
  ]
}

const stamp = () => new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' })

/** The rows as a workbook; the writer is loaded only now. */
export async function saveXlsx<T>(name: string, columns: readonly Column<T>[], rows: readonly T[]): Promise<void> {
  const { default: writeXlsxFile } = await import('write-excel-file/browser')
  const head = columns.map((c) => ({ value: c.title, fontWeight: 'bold' as const }))
  const body = rows.map((row) =>
    columns.map((c) => {
      const value = c.text(row)
      return typeof value === 'number' ? { value, type: Number } : { value, type: String }
    }),
  )
  const file = await writeXlsxFile([head, ...body], {
    sheet: name.slice(0, 31),
    columns: columns.map((c) => ({ width: Math.max(10, Math.round((c.width ?? 120) / 8)) })),
    stickyRowsCount: 1,
  }).toBlob()
  save(file, `${name}-${stamp()}.xlsx`)
}

/** The rows as CSV that a Chinese spreadsheet opens: with a byte order mark, formulas disarmed. */
export function csvOf<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cell = (value: string | number) => {
    const words = typeof value === 'number' ? String(value) : FORMULA.test(value) ? `'${value}` : value
    return /[",\n\r]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words
  }
  const lines = [columns.map((c) => cell(c.title)), ...rows.map((row) => columns.map((c) => cell(c.text(row))))]
  return `\uFEFF${lines.map((line) => line.join(',')).join('\r\n')}\r\n`
}

export function saveCsv<T>(name: string, columns: readonly Column<T>[], rows: readonly T[]): void {
  save(new Blob([csvOf(columns, rows)], { type: 'text/csv;charset=utf-8' }), `${name}-${stamp()}.csv`)
}
