import type { Room } from '../index'

export const system: Room = {
  title: '系统',
  pages: [
    { path: '/accounts', name: 'accounts', title: '账号与角色', needs: ['account_read'], view: () => import('./AccountsPage.vue') },
    { path: '/accounts/new', name: 'account-new', title: '新建账号', needs: ['account_manage'], view: () => import('./AccountNewPage.vue'), hidden: true },
    { path: '/accounts/:id', name: 'account', title: '账号', needs: ['account_read'], view: () => import('./AccountPage.vue'), hidden: true },
    { path: '/accounts/:id/hand-over', name: 'account-hand-over', title: '移交', needs: ['account_manage'], view: () => import('./HandOverPage.vue'), hidden: true },
    { path: '/roles', name: 'roles', title: '角色权限', needs: ['account_read'], view: () => import('./RolesPage.vue') },
    { path: '/posts', name: 'posts', title: '岗位与AB岗', needs: ['account_read'], view: () => import('./PostsPage.vue') },
    { path: '/posts/assign', name: 'post-assign', title: '安排岗位', needs: ['account_manage'], view: () => import('./PostPage.vue'), hidden: true },
    { path: '/posts/leave', name: 'leave-new', title: '登记离岗', needs: ['account_manage'], view: () => import('./LeaveNewPage.vue'), hidden: true },
    { path: '/audit', name: 'audit', title: '审计日志', needs: ['audit_read'], view: () => import('./AuditPage.vue') },
    { path: '/channels', name: 'channels', title: '渠道', needs: ['system_read'], view: () => import('./ChannelsPage.vue') },
    { path: '/channels/:id', name: 'channel', title: '渠道设置', needs: ['system_read'], hidden: true, view: () => import('./ChannelPage.vue') },
    { path: '/endpoints', name: 'endpoints', title: '模型接口', needs: ['system_read'], view: () => import('./EndpointsPage.vue') },
    { path: '/prompts', name: 'prompts', title: '提示词', needs: ['system_read'], view: () => import('./PromptsPage.vue') },
    { path: '/health', name: 'health', title: '运行状态', needs: ['system_read'], view: () => import('./HealthPage.vue') },
  ],
}
