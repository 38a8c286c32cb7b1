import type { Room } from '../index'

export const curation: Room = {
  title: '问答',
  pages: [
    { path: '/turns', name: 'turns', title: '提问记录', needs: ['conversation_read'], view: () => import('./TurnsPage.vue') },
    {
      path: '/turns/:id',
      name: 'turn',
      title: '一次提问',
      needs: ['conversation_read'],
      view: () => import('./TurnPage.vue'),
      hidden: true,
    },
    { path: '/answers', name: 'answers', title: '固定答复', needs: ['curated_read'], view: () => import('./AnswersPage.vue') },
    {
      path: '/answers/new',
      name: 'new-answer',
      title: '写固定答复',
      needs: ['curated_write'],
      view: () => import('./AnswerPage.vue'),
      hidden: true,
    },
    {
      path: '/answers/:id',
      name: 'answer',
      title: '固定答复',
      needs: ['curated_read'],
      view: () => import('./AnswerPage.vue'),
      hidden: true,
    },
    { path: '/gaps', name: 'gaps', title: '知识缺口', needs: ['gap_read'], view: () => import('./GapsPage.vue') },
    { path: '/gaps/:id', name: 'gap', title: '知识缺口', needs: ['gap_read'], view: () => import('./GapPage.vue'), hidden: true },
    { path: '/hit-test', name: 'hit-test', title: '命中测试', needs: ['search_test'], view: () => import('./HitTestPage.vue') },
  ],
}
