import type { Component } from 'vue'
import type { Permission } from '../../staff/session'
import { account } from './account/pages'
import { curation } from './curation/pages'
import { insight, overview } from './insight/pages'
import { knowledge } from './knowledge/pages'
import { street } from './street/pages'
import { system } from './system/pages'
import { tickets } from './tickets/pages'

/** One page of the desk: its address, who sees it, and where it stands in the menu. */
export interface Page {
  /** Below `/admin`, as the router writes it. */
  path: string
  name: string
  title: string
  /** Any of these opens it; none = everybody who is signed in. The server decides again at each call. */
  needs: readonly Permission[]
  view: () => Promise<{ default: Component }>
  /** Reached from another page, not from the menu. */
  hidden?: boolean
}

/** A part of the menu. */
export interface Room {
  title: string
  pages: readonly Page[]
}

/** The desk, in the order of the menu. A page is a line in its room's list; menu and router read it here. */
export const rooms: readonly Room[] = [overview, tickets, knowledge, curation, insight, street, system, account]
