/** Answers are plain text. Line breaks, lists, headings, 〔n〕 marks, phone numbers and named laws get a form of their own. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'cite'; n: number; text: string }
  | { kind: 'tel'; tel: string; text: string }
  /** （《…法》第…条）: for whoever wants to look it up; the others read on. */
  | { kind: 'law'; text: string }

export type Block =
  | { kind: 'line'; inlines: Inline[] }
  | { kind: 'heading'; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] }

// Land lines with area code, 400/800 numbers, mobiles, then the service numbers (110, 12345, 96xxx…).
const TEL = /(?:0\d{2,3}[- ]?\d{7,8}|[48]00[- ]?\d{3,4}[- ]?\d{3,4}|1[3-9]\d{9}|123\d{2}|9[56]\d{3,4}|110|119|120|122)(?![\d.A-Za-z％%-])/g
/** A word right after the digits that makes them an amount, not a number to ring. */
const UNIT =
  /^\s?(?:元|万|亿|千|百|个|名|人|户|天|日|年|月|周|小时|分钟|秒|米|平方|公里|吨|斤|公斤|度|号令|条|项|栋|家|次|倍|㎡|℃|㎎|mm|cm|kg|m)/i
/** A word right before short digits that makes them an amount or an ordinal. */
const COUNTED = /(?:第|约|共|计|满|超过|不足|近|达|至|到|≥|≤|>|<|￥|¥|〔|（第)\s?$/

/** The tokens of one line. `known` tells which 〔n〕 are citations: 国发〔2024〕5号 is none. */
export function inlinesOf(line: string, known: (n: number) => boolean): Inline[] {
  const out: Inline[] = []
  const mark = /〔(\d{1,2}(?:[、,，]\d{1,2})*)〕/g
  let from = 0
  for (const found of line.matchAll(mark)) {
    const numbers = (found[1] ?? '').split(/[、,，]/).map(Number)
    if (!numbers.every(known)) continue
    lawsOf(line.slice(from, found.index), out)
    for (const n of numbers) out.push({ kind: 'cite', n, text: `〔${n}〕` })
    from = found.index + found[0].length
  }
  lawsOf(line.slice(from), out)
  return out
}

function lawsOf(text: string, out: Inline[]): void {
  let from = 0
  for (const found of text.matchAll(/（《[^（）\d]{2,160}条[^（）\d]{0,20}）/g)) {
    telsOf(text.slice(from, found.index), out)
    out.push({ kind: 'law', text: found[0] })
    from = found.index + found[0].length
  }
  telsOf(text.slice(from), out)
}

function telsOf(text: string, out: Inline[]): void {
  let from = 0
  for (const found of text.matchAll(TEL)) {
    const after = text.slice(found.index + found[0].length)
    const before = text.slice(0, found.index)
    // (No look-behind in the pattern: web views before iOS 16.4 cannot read one.)
    if (/[\d.A-Za-z-]$/.test(before)) continue
    if (found[0].length <= 6 && (UNIT.test(after) || COUNTED.test(before))) continue
    if (found.index > from) out.push({ kind: 'text', text: text.slice(from, found.index) })
    out.push({ kind: 'tel', tel: found[0].replace(/[- ]/g, ''), text: found[0] })
    from = found.index + found[0].length
  }
  if (from < text.length) out.push({ kind: 'text', text: text.slice(from) })
}

/** The longest line, in characters, that counts as a heading when it ends with a colon. */
const HEADING = 16

/** Lines, headings and lists of a text. Empty lines stay as empty lines; those at the ends are dropped. */
export function blocksOf(text: string, known: (n: number) => boolean): Block[] {
  const blocks: Block[] = []
  const lines = text.replace(/^\n+|\s+$/g, '').split(/\r?\n/)
  lines.forEach((line, at) => {
    const item = /^\s*(?:[-•·]\s+|(\d{1,2})(?:\.(?!\d)|、)\s*)(.+)$/.exec(line)
    if (item) {
      const inlines = inlinesOf(item[2] ?? '', known)
      const ordered = item[1] !== undefined
      const last = blocks[blocks.length - 1]
      if (last?.kind === 'list' && last.ordered === ordered) last.items.push(inlines)
      else blocks.push({ kind: 'list', ordered, start: Number(item[1] ?? 1), items: [inlines] })
    } else if (/^[^，。；〔]+：$/.test(line) && line.length <= HEADING && (lines[at + 1] ?? '').trim() !== '') {
      blocks.push({ kind: 'heading', text: line.slice(0, -1) })
    } else {
      blocks.push({ kind: 'line', inlines: inlinesOf(line, known) })
    }
  })
  return blocks
}

/** Characters as a person counts them (code points). */
export const lengthOf = (text: string): number => [...text].length

/** What stands under an answer: who made it. Words that no model wrote are not called generated. */
export function labelOf(message: { generated?: boolean; label?: string | null; citations?: readonly unknown[] }): string {
  if (message.generated) return message.label ?? ''
  return message.citations?.length ? '自动答复，以原文为准' : '自动答复，仅供参考'
}

/** What 复制 puts on the clipboard: the answer, its AI label and what it rests on. */
export function copyText(message: {
  text: string
  generated?: boolean
  label?: string | null
  citations?: { n: number; title: string; doc_no?: string | null; clause?: string | null }[]
}): string {
  const parts = [message.text.trim()]
  if (message.citations && message.citations.length > 0) {
    const rows = message.citations.map((c) => `〔${c.n}〕${[c.title, c.doc_no, c.clause].filter(Boolean).join(' ')}`)
    parts.push(`依据：\n${rows.join('\n')}`)
  }
  const label = labelOf(message)
  if (label) parts.push(`（${label}）`)
  return parts.join('\n\n')
}
