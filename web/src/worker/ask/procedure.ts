/** A part of an answer: what a gridworker looks for under its own head. */
export interface Part {
  /** Empty: what stands before the first head. */
  head: string
  lines: string[]
  /** Lines that can be ticked off, in order. */
  steps: string[]
  /** Numbers of its sources. */
  sources: number[]
}

const HEAD = /^([^\s：:，。〔]{2,12})[：:]$/
const SOURCE = /〔(\d+)〕/g
const STEP = /^\d+[.、．]\s*/

/** Takes an answer apart into its heads; half an answer, too, while it is being written. */
export function parts(text: string): Part[] {
  const out: Part[] = [{ head: '', lines: [], steps: [], sources: [] }]
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '') continue
    const head = HEAD.exec(line)?.[1]
    if (head) {
      out.push({ head, lines: [], steps: [], sources: [] })
      continue
    }
    const part = out[out.length - 1] as Part
    for (const [, n] of line.matchAll(SOURCE)) if (!part.sources.includes(Number(n))) part.sources.push(Number(n))
    const words = line.replace(SOURCE, '').trim()
    if (words === '') continue
    if (part.head.includes('步骤') && STEP.test(words)) part.steps.push(words.replace(STEP, ''))
    else part.lines.push(words.replace(/^·\s*/, ''))
  }
  return out.filter((p) => p.head !== '' || p.lines.length > 0)
}
