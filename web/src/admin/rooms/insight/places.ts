// Where a number leads on the desk. Pages come and go with the rooms; what has none yet is shown without a link.
import type { Router, RouteLocationRaw } from 'vue-router'

/** Names or addresses of pages, the first one that exists is taken. `:number` is filled in. */
const PLACES: Record<string, string[]> = {
  ticket: ['/tickets/:number'],
  overdue: ['/tickets'],
  alerts: ['/alerts', '/tickets'],
  disputes: ['/disputes', '/tickets'],
  dead_letters: ['/outbox?f.state=dead', '/deliveries'],
  late_pushes: ['/outbox?f.state=pending', '/deliveries'],
  paused: ['/destinations', '/outbox'],
  in_review: ['/documents/review', '/documents'],
  curated_drafts: ['/answers', '/curated'],
  open_gaps: ['/gaps'],
  late_gaps: ['/gaps'],
  expired: ['/documents/due', '/documents'],
  review_due: ['/documents/due', '/documents'],
  expiring: ['/documents/due?due=soon', '/documents'],
  failed_imports: ['/imports'],
}

/** The page for `what`, when there is one. */
export function leadTo(router: Router, what: string, fill: Record<string, string> = {}): RouteLocationRaw | undefined {
  for (const place of PLACES[what] ?? []) {
    const path = place.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(fill[name] ?? ''))
    const found = router.resolve(path)
    if (found.name !== 'missing' && found.name !== undefined) return path
  }
  return undefined
}
