import type { Room } from '../index'

export const system: Room = {
  title: '系统',
  pages: [
    { path: '/accounts', name: 'accounts', title: '账号与角色', needs: ['account_read'], view: () => import('./AccountsPage.vue') },
    { path: '/channels', name: 'channels', title: '渠道', needs: ['system_read'], view: () => import('./ChannelsPage.vue') },
    { path: '/channels/:id', name: 'channel', title: '渠道设置', needs: ['system_read'], hidden: true, view: () => import('./ChannelPage.vue') },
    { path: '/endpoints', name: 'endpoints', title: '模型接口', needs: ['system_read'], view: () => import('./EndpointsPage.vue') },
    { path: '/prompts', name: 'prompts', title: '提示词', needs: ['system_read'], view: () => import('./PromptsPage.vue') },
    { path: '/health', name: 'health', title: '运行状态', needs: ['system_read'], view: () => import('./HealthPage.vue') },
  ],
}
