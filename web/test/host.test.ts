import { describe, expect, it } from 'vitest'
import { visitorOf } from '../src/chat/host'

const token = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`

describe('what a host has signed', () => {
  it('names its visitor by an opaque id', () => {
    expect(visitorOf(token({ visitor: 'u-8f3a' }))).toBe('u-8f3a')
    expect(visitorOf(token({ jti: 'x' }))).toBeUndefined()
  })
  it.each(['', 'a', 'a.b.c', 'a.%%%.c', token('text'), token(null), token({ visitor: 7 })])('is nobody when it is nonsense: %s', (words) =>
    expect(visitorOf(words)).toBeUndefined(),
  )
})
