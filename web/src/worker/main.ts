import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { rememberIn, session } from '../staff/session'
import { register } from './device/install'
import { lastSeen, queries } from './device/kept'
import { whenBack } from './device/online'
import { applySize } from './me/size'
import { router } from './router'
import Worker from './Worker.vue'
import './worker.less'

rememberIn(lastSeen)
applySize()
// What was believed without a network is asked as soon as there is one.
whenBack(() => void session.load().catch(() => undefined))
createApp(Worker).use(router).use(VueQueryPlugin, { queryClient: queries }).mount('#app')
void register()
