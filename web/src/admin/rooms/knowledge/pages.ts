import type { Room } from '../index'

export const knowledge: Room = {
  title: '资料',
  pages: [
    { path: '/documents', name: 'documents', title: '全部资料', needs: ['document_read'], view: () => import('./DocumentsPage.vue') },
    { path: '/documents/review', name: 'documents-review', title: '待审核', needs: ['document_read'], view: () => import('./WaitingPage.vue') },
    { path: '/documents/due', name: 'documents-due', title: '到期与复核', needs: ['document_read'], view: () => import('./DuePage.vue') },
    { path: '/documents/new', name: 'document-new', title: '新建资料', needs: ['document_write'], view: () => import('./EditorPage.vue'), hidden: true },
    { path: '/documents/at/:id', name: 'document', title: '资料', needs: ['document_read'], view: () => import('./DocumentPage.vue'), hidden: true },
    { path: '/documents/at/:id/edit', name: 'document-edit', title: '编辑资料', needs: ['document_write'], view: () => import('./EditorPage.vue'), hidden: true },
    { path: '/documents/at/:id/review', name: 'document-review', title: '审核资料', needs: ['document_read'], view: () => import('./ReviewPage.vue'), hidden: true },
    { path: '/documents/at/:id/compare', name: 'document-compare', title: '对照版本', needs: ['document_read'], view: () => import('./ComparePage.vue'), hidden: true },
    { path: '/imports', name: 'imports', title: '导入文件', needs: ['import_run'], view: () => import('./ImportsPage.vue') },
    { path: '/imports/:id', name: 'import', title: '导入结果', needs: ['import_run'], view: () => import('./ImportPage.vue'), hidden: true },
    { path: '/question-sets', name: 'question-sets', title: '试题集', needs: ['question_set_read'], view: () => import('./QuestionSetsPage.vue') },
    { path: '/question-sets/:id', name: 'question-set', title: '试题', needs: ['question_set_read'], view: () => import('./QuestionSetPage.vue'), hidden: true },
    { path: '/runs', name: 'runs', title: '评测', needs: ['evaluation_read'], view: () => import('./RunsPage.vue') },
    { path: '/runs/:id', name: 'run', title: '评测结果', needs: ['evaluation_read'], view: () => import('./RunPage.vue'), hidden: true },
    { path: '/runs/:id/against/:other', name: 'runs-compare', title: '对比两次评测', needs: ['evaluation_read'], view: () => import('./RunsComparePage.vue'), hidden: true },
    { path: '/generations', name: 'generations', title: '索引', needs: ['index_read'], view: () => import('./GenerationsPage.vue') },
  ],
}
