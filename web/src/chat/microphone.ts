/** What is recorded, the first that this browser can; all of them are taken by the server. */
export const FORMS = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4']

/** Whether a voice can be recorded here at all (a secure page, a browser that can). */
export const canRecord = (): boolean =>
  typeof MediaRecorder === 'function' &&
  typeof navigator.mediaDevices?.getUserMedia === 'function' &&
  FORMS.some((form) => MediaRecorder.isTypeSupported(form))
