import type { Room } from '../index'

export const tickets: Room = {
  title: '工单',
  pages: [
    { path: '/tickets', name: 'tickets', title: '工单看板', needs: ['ticket_read'], view: () => import('./BoardPage.vue') },
    {
      path: '/tickets/:number',
      name: 'ticket',
      title: '工单',
      needs: ['ticket_read'],
      view: () => import('./TicketPage.vue'),
      hidden: true,
    },
    { path: '/alerts', name: 'alerts', title: '提醒', needs: ['ticket_read'], view: () => import('./AlertsPage.vue') },
    { path: '/disputes', name: 'disputes', title: '派单异议', needs: ['ticket_dispatch'], view: () => import('./DisputesPage.vue') },
    { path: '/merges', name: 'merges', title: '合并与拆分', needs: ['ticket_dispatch'], view: () => import('./MergesPage.vue') },
    { path: '/outbox', name: 'outbox', title: '推送记录', needs: ['outbox_read'], view: () => import('./OutboxPage.vue') },
    {
      path: '/outbox/:id(\\d+)',
      name: 'outbox-row',
      title: '一条推送',
      needs: ['outbox_read'],
      view: () => import('./OutboxRowPage.vue'),
      hidden: true,
    },
    {
      path: '/destinations',
      name: 'destinations',
      title: '推送平台',
      needs: ['outbox_read'],
      view: () => import('./DestinationsPage.vue'),
    },
    { path: '/ledgers', name: 'ledgers', title: '台账', needs: ['ledger_read'], view: () => import('./LedgersPage.vue') },
  ],
}
