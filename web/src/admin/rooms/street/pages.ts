import type { Room } from '../index'

export const street: Room = {
  title: '街道数据',
  pages: [
    { path: '/street', name: 'street', title: '街道数据', needs: ['street_manage'], view: () => import('./StreetPage.vue') },
    { path: '/street/trial', name: 'street-trial', title: '试派', needs: ['street_manage'], view: () => import('./TrialPage.vue') },
    {
      path: '/street/:name',
      name: 'street-file',
      title: '街道数据文件',
      needs: ['street_manage'],
      view: () => import('./FilePage.vue'),
      hidden: true,
    },
  ],
}
