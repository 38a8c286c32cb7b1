import { withCameraNotes } from './exif'

/** Longest edge in pixels, and the size in bytes, beyond which a photo is made smaller before it is sent. */
const EDGE = 2048
const SMALL = 600_000

/** A photo as it is sent: phones make 10 MB, weak networks carry less. Unreadable ones go as they are; the server judges. */
export async function shrink(file: File): Promise<Blob> {
  if (file.size <= SMALL || !file.type.startsWith('image/') || typeof createImageBitmap !== 'function') return file
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, EDGE / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85))
    return small && small.size < file.size ? await withCameraNotes(small, file) : file
  } catch {
    return file
  }
}
