import { VueQueryPlugin, QueryClient } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { Problem } from '../api/problem'
import Admin from './Admin.vue'
import { router } from './router'
import './admin.less'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A refusal is an answer; only what may pass by itself is asked again.
      retry: (times, error) => times < 2 && (!(error instanceof Problem) || error.transient),
    },
  },
})

createApp(Admin).use(router).use(VueQueryPlugin, { queryClient: queries }).mount('#app')
