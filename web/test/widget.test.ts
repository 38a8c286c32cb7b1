import { describe, expect, it } from 'vitest'
import { optionsOf, panelUrl } from '../src/widget/options'

describe('the loader', () => {
  it('reads data attributes and nothing else', () => {
    expect(optionsOf({ title: ' 问问 ', channel: 'wx', position: 'bottom-left', color: '#123456' })).toEqual({
      title: '问问',
      channel: 'wx',
      side: 'left',
      color: '#123456',
      tokenUrl: undefined,
    })
    expect(optionsOf({})).toEqual({ title: '网格员', channel: 'default', side: 'right', color: '#07803f', tokenUrl: undefined })
    expect(optionsOf({ side: 'left', position: 'bottom-right' }).side).toBe('left')
  })

  it('asks for tokens where the site says, over http alone', () => {
    const at = (tokenUrl: string) => optionsOf({ tokenUrl }, 'https://host.example/a/b').tokenUrl
    expect(at('/sign')).toBe('https://host.example/sign')
    expect(at('https://api.host.example/sign')).toBe('https://api.host.example/sign')
    expect([at('javascript:alert(1)'), at('data:,x'), at('http://'), at(' ')]).toEqual([undefined, undefined, undefined, undefined])
  })

  it.each(['url(//x)', 'red;position:fixed', '</style>', 'expression(1)'])('takes no other CSS through the colour: %s', (color) =>
    expect(optionsOf({ color }).color).toBe('#07803f'),
  )

  it('opens the conversation of the server it came from', () => {
    expect(panelUrl('https://grid.example/widget.js?v=1', 'a b')).toBe('https://grid.example/chat?channel=a+b&embed=1')
  })
})
