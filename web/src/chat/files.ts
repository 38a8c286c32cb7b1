import type { Channel, MediaKind } from '../api/types'

/** What a kind is called, and how one counts it. */
export const KINDS: Record<MediaKind, string> = { photo: '照片', voice: '语音', video: '视频' }

const ENDINGS: [MediaKind, RegExp][] = [
  ['photo', /\.(jpe?g|png|webp|heic|heif)$/i],
  ['voice', /\.(amr|m4a|mp3|wav|aac|ogg|oga|opus)$/i],
  ['video', /\.(mp4|mov|webm|m4v)$/i],
]

/** What a chosen file seems to be; the server looks inside. Undefined: nothing that can be sent. */
export function kindOf(type: string, name = ''): MediaKind | undefined {
  if (type.startsWith('image/')) return 'photo'
  if (type.startsWith('audio/')) return 'voice'
  if (type.startsWith('video/')) return 'video'
  return ENDINGS.find(([, ending]) => ending.test(name))?.[0]
}

/** 「3.2 MB」, 「340 KB」 */
export function sizeText(bytes: number | undefined): string {
  if (!bytes) return ''
  const mb = bytes / (1024 * 1024)
  return mb >= 1 ? `${mb < 10 ? mb.toFixed(1) : Math.round(mb)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`
}

/** 「12秒」, 「1分05秒」 */
export function lengthText(ms: number | undefined): string {
  if (!ms || !Number.isFinite(ms)) return ''
  const seconds = Math.max(1, Math.round(ms / 1000))
  return seconds < 60 ? `${seconds}秒` : `${Math.floor(seconds / 60)}分${String(seconds % 60).padStart(2, '0')}秒`
}

/** Why a file need not even be sent; the server's own words come for the rest. */
export function tooLarge(kind: MediaKind, bytes: number, limits: Channel['attachments']): string | undefined {
  const most = { photo: limits?.max_bytes, voice: limits?.max_voice_bytes, video: limits?.max_video_bytes }[kind]
  return most !== undefined && bytes > most ? `${KINDS[kind]}太大，不能超过 ${sizeText(most)}` : undefined
}

/** The name under which a file goes: a photo made smaller is another kind of file than it was. */
export function nameOf(file: Blob & { name?: string }, kind: MediaKind, was: string): string {
  const ending = file.type.split(';')[0]?.split('/')[1]
  return `${was.replace(/\.[^.]*$/, '') || KINDS[kind]}.${ending || was.split('.').pop() || 'bin'}`
}
