/** The segment of a JPEG that holds what the camera wrote: time, place, the way it was held. Undefined when there is none. */
function cameraNotes(jpeg: Uint8Array): Uint8Array | undefined {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  if (jpeg.length < 4 || view.getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; at + 10 < jpeg.length && jpeg[at] === 0xff;) {
    const size = view.getUint16(at + 2)
    if (jpeg[at + 1] === 0xda || size < 2) return undefined
    // "Exif\0\0"
    if (jpeg[at + 1] === 0xe1 && view.getUint32(at + 4) === 0x45786966 && at + 2 + size <= jpeg.length) return jpeg.slice(at, at + 2 + size)
    at += 2 + size
  }
  return undefined
}

/** Marks the picture as upright: the pixels have been turned already. False when the notes cannot be read. */
function upright(notes: Uint8Array): boolean {
  const tiff = new DataView(notes.buffer, notes.byteOffset + 10)
  const little = tiff.getUint16(0) === 0x4949
  const ifd = tiff.getUint32(4, little)
  const count = tiff.getUint16(ifd, little)
  for (let i = 0; i < count; i++) {
    const entry = ifd + 2 + 12 * i
    if (tiff.getUint16(entry, little) === 0x0112) tiff.setUint16(entry + 8, 1, little)
  }
  return true
}

/**
 * A photo that was made smaller loses where it was taken; this puts the camera's notes of the original back, so that the
 * service can offer the place. It keeps none of them in the file. What cannot be read is left out.
 */
export async function withCameraNotes(small: Blob, original: Blob): Promise<Blob> {
  try {
    // They stand at the beginning, in at most 64 KB each.
    const notes = cameraNotes(new Uint8Array(await original.slice(0, 256 * 1024).arrayBuffer()))
    if (!notes || !upright(notes)) return small
    return new Blob([small.slice(0, 2), notes as BlobPart, small.slice(2)], { type: small.type })
  } catch {
    return small
  }
}
