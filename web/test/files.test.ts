import { describe, expect, it } from 'vitest'
import { kindOf, lengthText, nameOf, sizeText, tooLarge } from '../src/chat/files'
import { whyNot } from '../src/chat/recorder'

describe('a chosen file', () => {
  it.each([
    ['image/jpeg', 'a.jpg', 'photo'],
    ['audio/webm;codecs=opus', '', 'voice'],
    ['video/quicktime', 'a.mov', 'video'],
    ['', '电话录音.AMR', 'voice'],
    ['', 'IMG_1.HEIC', 'photo'],
    ['application/pdf', 'a.pdf', undefined],
  ])('%s %s is %s', (type, name, kind) => expect(kindOf(type, name)).toBe(kind))

  it('keeps its name and takes the ending of what it has become', () => {
    expect(nameOf(new Blob([], { type: 'image/jpeg' }), 'photo', 'IMG_1.HEIC')).toBe('IMG_1.jpeg')
    expect(nameOf(new Blob([]), 'voice', '录音.amr')).toBe('录音.amr')
  })

  it('is refused here only for a limit that the server has told', () => {
    const limits = { max_bytes: 1024 * 1024, max_count: 6 }
    expect(tooLarge('photo', 2_000_000, limits)).toBe('照片太大，不能超过 1.0 MB')
    expect(tooLarge('video', 200_000_000, limits)).toBeUndefined()
    expect(tooLarge('video', 200_000_000, { ...limits, max_video_bytes: 31_457_280 })).toBe('视频太大，不能超过 30 MB')
  })
})

it('sizes and lengths are short', () => {
  expect([sizeText(348_160), sizeText(3_355_443), sizeText(0)]).toEqual(['340 KB', '3.2 MB', ''])
  expect([lengthText(12_200), lengthText(65_000), lengthText(Infinity), lengthText(undefined)]).toEqual(['12秒', '1分05秒', '', ''])
})

it('says in words why there is no recording', () => {
  expect(whyNot(Object.assign(new Error(), { name: 'NotAllowedError' }))).toContain('没有允许使用麦克风')
  expect(whyNot(Object.assign(new Error(), { name: 'NotFoundError' }))).toContain('没有找到麦克风')
  expect(whyNot(undefined)).toContain('再试一次')
})
