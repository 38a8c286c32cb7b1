import type { Room } from '../index'

export const street: Room = {
  title: '街道数据',
  pages: [],
}
