import { expect, it } from 'vitest'
import { makeKeep } from '../src/chat/keep'
import { Outbox } from '../src/chat/outbox'
import { MemoryArea, memoryKeep } from './fakes'

const blocked = () => {
  throw new DOMException('denied', 'SecurityError')
}

it('falls back where storage is blocked', () => {
  const session = new MemoryArea()
  const second = makeKeep([blocked, () => session])
  second.set('a', { b: 1 })
  expect(second.get('a')).toEqual({ b: 1 })
  expect(session.rows.size).toBe(1)

  const memory = makeKeep([blocked, blocked])
  memory.set('a', 2)
  expect(memory.get('a')).toBe(2)
  memory.remove('a')
  expect(memory.get('a')).toBeUndefined()
})

it('falls back when storage is full', () => {
  const full = new MemoryArea()
  full.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError')
  }
  const keep = makeKeep([() => full])
  keep.set('a', 1)
  expect(keep.get('a')).toBe(1)
})

it('forgets what cannot be read', () => {
  const area = new MemoryArea()
  area.setItem('a', '{broken')
  expect(makeKeep([() => area]).get('a')).toBeUndefined()
})

it('keeps messages in order, each once, over a reload', () => {
  const area = new MemoryArea()
  const message = (id: string) => ({ client_message_id: id, text: id, attachments: [], created_at: '2025-03-01T00:00:00Z' })
  const before = new Outbox(memoryKeep(area), 'box')
  before.add(message('1'))
  before.add(message('2'))
  before.add(message('1'))
  const after = new Outbox(memoryKeep(area), 'box')
  expect(after.all().map((m) => m.client_message_id)).toEqual(['1', '2'])
  after.remove('1')
  expect(after.next()?.client_message_id).toBe('2')
  after.remove('2')
  expect(area.rows.size).toBe(0)
})
