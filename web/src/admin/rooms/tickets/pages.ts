import type { Room } from '../index'

export const tickets: Room = {
  title: '工单',
  pages: [
    { path: '/ledgers', name: 'ledgers', title: '台账', needs: ['ledger_read'], view: () => import('./LedgersPage.vue') },
  ],
}
