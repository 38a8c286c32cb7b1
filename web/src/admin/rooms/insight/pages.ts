import type { Room } from '../index'

export const insight: Room = {
  title: '统计',
  pages: [],
}
