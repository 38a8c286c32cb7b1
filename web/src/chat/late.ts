// What nobody needs before the first message: it comes with it, as one piece.
export { default as AttachmentView } from './components/AttachmentView.vue'
export { default as CitationSheet } from './components/CitationSheet.vue'
export { default as DraftCard } from './components/DraftCard.vue'
export { default as DuplicateCard } from './components/DuplicateCard.vue'
export { default as FeedbackSheet } from './components/FeedbackSheet.vue'
export { default as TicketCard } from './components/TicketCard.vue'
export { default as WaitingFiles } from './components/WaitingFiles.vue'
