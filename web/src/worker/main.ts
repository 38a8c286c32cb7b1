import { createApp } from 'vue'
import Worker from './Worker.vue'

createApp(Worker).mount('#app')
