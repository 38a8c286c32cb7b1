import { describe, expect, it } from 'vitest'
import { csvOf, labelled } from '../src/admin/parts/export'
import type { Column } from '../src/admin/parts/table'

interface Row {
  words: string
  model: boolean
}
const columns: Column<Row>[] = [{ key: 'words', title: '答复', text: (r) => r.words }]
const rows: Row[] = [
  { words: '=1+1', model: false },
  { words: '可以申请', model: true },
]

describe('rows that a model helped with', () => {
  it('say so in a column of their own', () => {
    expect(
      csvOf(
        labelled(columns, rows, (r) => r.model),
        rows,
      ),
    ).toBe("\uFEFF答复,内容标识\r\n'=1+1,\r\n可以申请,部分内容由AI辅助生成，仅供参考\r\n")
  })
  it('are the only reason for it', () => {
    expect(labelled(columns, rows.slice(0, 1), (r) => r.model)).toBe(columns)
    expect(labelled(columns, rows)).toBe(columns)
  })
})
