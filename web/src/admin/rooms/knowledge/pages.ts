import type { Room } from '../index'

export const knowledge: Room = {
  title: '资料',
  pages: [],
}
