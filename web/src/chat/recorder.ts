import { FORMS } from './microphone'

/** Why there is no recording, in words. */
export function whyNot(error: unknown): string {
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError')
    return '没有允许使用麦克风，录不了音。可以在手机的设置里允许，也可以打字告诉我。'
  if (name === 'NotFoundError') return '没有找到麦克风，录不了音。可以打字告诉我。'
  return '录音没有成功，请再试一次，也可以打字告诉我。'
}

export interface Recording {
  /** Ends it and gives what was said. */
  stop: () => Promise<File>
  /** Ends it and throws it away. */
  drop: () => void
}

/** Begins to record; asks for the microphone. */
export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const release = () => stream.getTracks().forEach((track) => track.stop())
  try {
    const mimeType = FORMS.find((form) => MediaRecorder.isTypeSupported(form))
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32_000 })
    const pieces: Blob[] = []
    recorder.ondataavailable = (event) => pieces.push(event.data)
    const ended = new Promise<void>((go) => (recorder.onstop = () => go()))
    recorder.start()
    const end = () => {
      if (recorder.state !== 'inactive') recorder.stop()
    }
    return {
      async stop() {
        end()
        await ended
        release()
        const type = recorder.mimeType.split(';')[0] || 'audio/webm'
        return new File(pieces, `录音.${type.split('/')[1]}`, { type })
      },
      drop() {
        end()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}
