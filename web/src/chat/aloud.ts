/** Reading aloud with the device's own voice; a second tap stops it. */
export const canReadAloud = typeof speechSynthesis !== 'undefined'

export function readAloud(text: string): void {
  if (speechSynthesis.speaking) {
    speechSynthesis.cancel()
    return
  }
  const words = new SpeechSynthesisUtterance(text.replace(/〔\d+〕/g, ''))
  words.lang = 'zh-CN'
  words.rate = 0.9
  speechSynthesis.speak(words)
}
