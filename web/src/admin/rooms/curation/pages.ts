import type { Room } from '../index'

export const curation: Room = {
  title: '问答',
  pages: [],
}
