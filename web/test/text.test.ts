import { describe, expect, it } from 'vitest'
import { blocksOf, copyText, inlinesOf, lengthOf } from '../src/chat/text'

const all = () => true
const one = (n: number) => n === 1
const tels = (text: string) => inlinesOf(text, all).flatMap((i) => (i.kind === 'tel' ? i.tel : []))

describe('marks', () => {
  it('become citations only where there is such a citation', () => {
    expect(inlinesOf('可以申请〔1〕，见国发〔2024〕5号〔7〕。', one)).toEqual([
      { kind: 'text', text: '可以申请' },
      { kind: 'cite', n: 1, text: '〔1〕' },
      { kind: 'text', text: '，见国发〔2024〕5号〔7〕。' },
    ])
  })

  it('may stand together', () => {
    expect(inlinesOf('是〔1、2〕', all).filter((i) => i.kind === 'cite')).toHaveLength(2)
  })
})

describe('phone numbers', () => {
  it.each([
    ['请拨打110、119或120。', ['110', '119', '120']],
    ['投诉拨12345，法律援助12348', ['12345', '12348']],
    ['社区023-68888888，400-800-1234', ['02368888888', '4008001234']],
    ['燃气抢修96777', ['96777']],
    ['手机13800000000', ['13800000000']],
  ])('%s', (text, expected) => expect(tels(text)).toEqual(expected))

  it.each([
    '补贴120元',
    '共110户',
    '面积120平方米',
    '第119条',
    '2024年12345元',
    '编号WG20250301000110',
    '95%',
    '价格0.120',
    '满122天',
    '身份证110101199001011234',
    '增长120%',
  ])('%s holds none', (text) => expect(tels(text)).toEqual([]))
})

describe('blocks', () => {
  it('are lines and lists', () => {
    const blocks = blocksOf('带上：\n- 身份证\n· 户口簿\n\n怎么办：\n1. 到社区。\n2、等通知。\n3.5公里以内免费。\n', all)
    expect(blocks.map((b) => (b.kind === 'list' ? `${b.ordered ? 'ol' : 'ul'} ${b.items.length}` : b.kind))).toEqual([
      'heading',
      'ul 2',
      'line',
      'heading',
      'ol 2',
      'line',
    ])
  })

  it('set a named law apart, wherever it stands', () => {
    const inlines = inlinesOf('老人有护理补贴。（《老年人权益保障法》第三十条）〔1〕', all)
    expect(inlines.map((i) => i.kind)).toEqual(['text', 'law', 'cite'])
    expect(inlinesOf('看《民法典》（电话12345）', all).map((i) => i.kind)).toEqual(['text', 'tel', 'text'])
  })

  it('keep what looks like HTML as text', () => {
    expect(blocksOf('<img src=x onerror=alert(1)>', all)).toEqual([
      { kind: 'line', inlines: [{ kind: 'text', text: '<img src=x onerror=alert(1)>' }] },
    ])
  })
})

describe('copying', () => {
  it('carries the sources and the AI label', () => {
    const text = copyText({
      text: '可以申请〔1〕。',
      generated: true,
      label: '内容由AI生成，仅供参考',
      citations: [{ n: 1, title: '高龄津贴发放办法', doc_no: null, clause: '第三条' }],
    })
    expect(text).toBe('可以申请〔1〕。\n\n依据：\n〔1〕高龄津贴发放办法 第三条\n\n（内容由AI生成，仅供参考）')
  })

  it('does not call generated what no model wrote', () => {
    const label = '内容由AI生成，仅供参考'
    expect(copyText({ text: '没有找到依据。', generated: false, label })).toBe('没有找到依据。\n\n（自动答复，仅供参考）')
    const citations = [{ n: 1, title: '高龄津贴发放办法', doc_no: null, clause: '第三条' }]
    expect(copyText({ text: '可以申请〔1〕。', generated: false, label, citations })).toMatch(/第三条\n\n（自动答复，以原文为准）$/)
  })
})

it('counts characters as people do', () => expect(lengthOf('好👍')).toBe(2))
