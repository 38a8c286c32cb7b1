import { createRouter, createWebHistory } from 'vue-router'
import { rooms } from './rooms/index'

export const pages = rooms.flatMap((room) => room.pages.map((page) => ({ ...page, room: room.title })))

export const router = createRouter({
  history: createWebHistory('/admin'),
  routes: [
    ...pages.map((page) => ({
      path: page.path,
      name: page.name,
      component: page.view,
      meta: { title: page.title, needs: page.needs, room: page.room },
    })),
    { path: '/', name: 'home', component: () => import('./HomePage.vue'), meta: { title: '首页', needs: [] } },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('./MissingPage.vue'), meta: { title: '没有这个页面', needs: [] } },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.afterEach((to) => {
  document.title = `${String(to.meta['title'] ?? '')} · 街道管理台`
})
