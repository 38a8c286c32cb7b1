import { describe, expect, it } from 'vitest'
import { withCameraNotes } from '../src/chat/exif'

/** A JPEG of no pixels whose camera notes say: turned by 90° (6), little or big endian. */
function jpeg(little: boolean): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(2 + 4 + 6 + 8 + 2 + 12 + 4 + 2)
  const view = new DataView(out.buffer)
  view.setUint16(0, 0xffd8)
  view.setUint16(2, 0xffe1)
  view.setUint16(4, out.length - 2 - 2 - 2)
  out.set(new TextEncoder().encode('Exif\0\0'), 6)
  view.setUint16(12, little ? 0x4949 : 0x4d4d)
  view.setUint16(14, 42, little)
  view.setUint32(16, 8, little)
  view.setUint16(20, 1, little)
  view.setUint16(22, 0x0112, little)
  view.setUint16(24, 3, little)
  view.setUint32(26, 1, little)
  view.setUint16(30, 6, little)
  view.setUint16(out.length - 2, 0xffd9)
  return out
}
const small = new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xdb, 0xff, 0xd9])], { type: 'image/jpeg' })

describe('a photo that was made smaller', () => {
  it.each([true, false])('has the notes of its camera again, marked as upright (little endian: %s)', async (little) => {
    const out = await withCameraNotes(small, new Blob([jpeg(little)]))
    const view = new DataView(await out.arrayBuffer())
    expect(out.type).toBe('image/jpeg')
    expect([view.getUint16(0), view.getUint16(2)]).toEqual([0xffd8, 0xffe1])
    expect(view.getUint16(30, little)).toBe(1)
    expect(view.getUint16(2 + 2 + view.getUint16(4))).toBe(0xffdb)
  })

  it('stays as it is when the original has none, or is no JPEG, or is cut off', async () => {
    for (const original of [
      new Uint8Array([0xff, 0xd8, 0xff, 0xda, 0, 4, 0, 0]),
      new TextEncoder().encode('RIFFxxxxWEBP'),
      jpeg(true).slice(0, 20),
      new Uint8Array(),
    ]) {
      expect(await withCameraNotes(small, new Blob([original]))).toBe(small)
    }
  })
})
