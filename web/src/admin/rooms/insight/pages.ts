import type { Room } from '../index'

/** The desk's first page: what waits for whoever has signed in. */
export const overview: Room = {
  title: '今天',
  pages: [{ path: '/overview', name: 'overview', title: '总览', needs: [], view: () => import('./OverviewPage.vue') }],
}

export const insight: Room = {
  title: '统计',
  pages: [
    { path: '/insight', name: 'insight', title: '运行统计', needs: ['insight_read'], view: () => import('./FiguresPage.vue') },
    { path: '/insight/stars', name: 'insight-stars', title: '三级五星', needs: ['insight_read'], view: () => import('./StarsPage.vue') },
    {
      path: '/insight/rows',
      name: 'insight-rows',
      title: '数字背后的清单',
      needs: ['insight_read'],
      hidden: true,
      view: () => import('./RowsPage.vue'),
    },
  ],
}
