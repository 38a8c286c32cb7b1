import type { Room } from '../index'

export const account: Room = {
  title: '我的',
  pages: [
    { path: '/me', name: 'me', title: '我的账号', needs: [], view: () => import('./MePage.vue') },
  ],
}
