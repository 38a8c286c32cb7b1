import { computed, reactive } from 'vue'
import { Problem, wordsOf } from '../api/problem'
import type { MediaKind } from '../api/types'
import { newId } from '../shared/ids'
import { useDesk } from './desk'
import { kindOf, nameOf, tooLarge } from './files'

/** A file that is chosen and not sent yet. */
export interface WaitingFile {
  key: string
  file: File
  kind: MediaKind
  url: string
  id?: string
  /** Why it is not up, in words. */
  problem?: string
  /** It will not be taken however often it is tried. */
  refused?: boolean
}

/** Files on their way to the server, before they are put into a message or a ticket. */
export function useUploads() {
  const desk = useDesk()
  const { conversation, toast } = desk
  const files = reactive<WaitingFile[]>([])
  const limits = () => conversation.state.channel?.attachments

  function add(chosen: Iterable<File>) {
    const most = limits()?.max_count ?? 6
    for (const file of chosen) {
      const kind = kindOf(file.type, file.name)
      if (!kind) {
        toast('只能发照片、语音和短视频')
        continue
      }
      if (files.length >= most) {
        toast(`一次最多 ${most} 个`)
        break
      }
      files.push({ key: newId(), file, kind, url: URL.createObjectURL(file) })
      void upload(files[files.length - 1] as WaitingFile)
    }
  }
  async function upload(waiting: WaitingFile) {
    waiting.problem = undefined
    const refuse = (words: string, refused: boolean) => Object.assign(waiting, { problem: words, refused })
    try {
      const [{ shrink }, { paperworkOf }] = await Promise.all([import('./photos'), import('./paperwork')])
      const small = await shrink(waiting.file)
      const words = tooLarge(waiting.kind, small.size, limits())
      if (words) return void refuse(words, true)
      waiting.id = (await paperworkOf(desk).upload(small, nameOf(small, waiting.kind, waiting.file.name))).attachment_id
    } catch (error) {
      refuse(wordsOf(error), error instanceof Problem && !error.transient && error.status !== 429)
    }
  }
  function remove(waiting: WaitingFile) {
    URL.revokeObjectURL(waiting.url)
    files.splice(files.indexOf(waiting), 1)
  }
  return {
    files,
    add,
    upload,
    remove,
    clear: () => void files.splice(0),
    uploading: computed(() => files.some((f) => f.id === undefined && f.problem === undefined)),
    ids: computed(() => files.flatMap((f) => f.id ?? [])),
  }
}
