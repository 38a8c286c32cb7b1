import { createRouter, createWebHistory, type RouteLocationNormalizedLoaded, type RouteRecordRaw } from 'vue-router'
import type { Permission } from '../staff/session'

/** What a page says about itself. */
export interface Meta {
  title: string
  /** What it needs; the server decides again at each call. */
  needs?: Permission
  /** The entry of the bar at the bottom that it belongs to. */
  tab: string
}
export const metaOf = (route: RouteLocationNormalizedLoaded): Meta => ({ title: '', tab: '', ...route.meta })

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/tickets' },
  {
    path: '/ask',
    name: 'ask',
    component: () => import('./ask/AskPage.vue'),
    meta: { title: '问规程', needs: 'procedure_ask', tab: 'ask' },
  },
  {
    path: '/report',
    name: 'report',
    component: () => import('./report/ReportPage.vue'),
    meta: { title: '报事件', needs: 'procedure_ask', tab: 'report' },
  },
  {
    path: '/tickets',
    name: 'tickets',
    component: () => import('./tickets/TicketsPage.vue'),
    meta: { title: '工单', needs: 'ticket_read', tab: 'tickets' },
  },
  {
    path: '/tickets/:number',
    name: 'ticket',
    component: () => import('./tickets/TicketPage.vue'),
    meta: { title: '工单详情', needs: 'ticket_read', tab: 'tickets' },
  },
  {
    path: '/map',
    name: 'map',
    component: () => import('./map/MapPage.vue'),
    meta: { title: '网格地图', needs: 'ticket_read', tab: 'tickets' },
  },
  {
    path: '/visits',
    name: 'visits',
    component: () => import('./visits/VisitsPage.vue'),
    meta: { title: '走访', needs: 'ledger_read', tab: 'visits' },
  },
  {
    path: '/visits/:id',
    name: 'visit',
    component: () => import('./visits/VisitPage.vue'),
    meta: { title: '走访登记', needs: 'ledger_read', tab: 'visits' },
  },
  { path: '/me', name: 'me', component: () => import('./me/MePage.vue'), meta: { title: '我的', tab: 'me' } },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('./parts/MissingPage.vue'), meta: { title: '没有这个页面', tab: '' } },
]

export const router = createRouter({
  history: createWebHistory('/worker'),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.afterEach((to) => {
  document.title = `${metaOf(to).title} · 网格员`
})
