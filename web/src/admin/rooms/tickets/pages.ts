import type { Room } from '../index'

export const tickets: Room = {
  title: '工单',
  pages: [],
}
