import type { Room } from '../index'

export const account: Room = {
  title: '我的',
  pages: [
    { path: '/me', name: 'me', title: '我的账号', needs: [], view: () => import('./MePage.vue') },
    { path: '/keys', name: 'keys', title: '接口密钥', needs: ['key_own'], view: () => import('./KeysPage.vue') },
    { path: '/keys/new', name: 'key-new', title: '新建密钥', needs: ['key_own'], view: () => import('./KeyNewPage.vue'), hidden: true },
  ],
}
