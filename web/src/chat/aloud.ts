import { ref } from 'vue'

/** Reading aloud with the device's own voice. */
export const canReadAloud = typeof speechSynthesis !== 'undefined'
/** The message that is being read. */
export const reading = ref<string>()

export function stopReading(): void {
  reading.value = undefined
  if (canReadAloud) speechSynthesis.cancel()
}

/** Reads a finished text; the same once more stops it. Sentence by sentence: long utterances break off on some devices. */
export function readAloud(key: string, text: string): void {
  const again = reading.value === key
  stopReading()
  const sentences = text.replace(/〔\d+〕/g, '').match(/[^。！？；\n]+[。！？；]*/g)
  if (again || !sentences) return
  reading.value = key
  sentences.forEach((sentence, at) => {
    const words = new SpeechSynthesisUtterance(sentence)
    words.lang = 'zh-CN'
    words.rate = 0.9
    const over = () => {
      if (reading.value === key) reading.value = undefined
    }
    words.onerror = over
    if (at === sentences.length - 1) words.onend = over
    speechSynthesis.speak(words)
  })
}
