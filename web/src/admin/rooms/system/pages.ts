import type { Room } from '../index'

export const system: Room = {
  title: '系统',
  pages: [
    { path: '/accounts', name: 'accounts', title: '账号与角色', needs: ['account_read'], view: () => import('./AccountsPage.vue') },
  ],
}
