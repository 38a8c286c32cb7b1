import { computed, reactive, readonly } from 'vue'
import { Problem } from '../api/problem'
import { api, got, whenSignedOut, type Shape } from './client'

export type Me = Shape<'Me'>
export type Permission = Shape<'Permission'>

const state = reactive<{ me?: Me; asked: boolean; expired: boolean }>({ asked: false, expired: false })

whenSignedOut(() => {
  // Where somebody was signed in a moment ago, the page says why it asks again; what was typed behind it stays.
  if (state.me) state.expired = true
  state.me = undefined
})

/** Who was signed in last on this device, for a face that works without a network. */
export interface Memory {
  get: () => Promise<Me | undefined>
  set: (me: Me | undefined) => Promise<void>
}
let memory: Memory | undefined
/** From now on what the server says about who is signed in is remembered, and believed while it cannot be asked. */
export function rememberIn(kept: Memory): void {
  memory = kept
}

/** Who is signed in on this page: one state for all of it. */
export const session = {
  state: readonly(state),
  /** Nobody yet, somebody who must first choose a password, or somebody. */
  stage: computed(() => (!state.asked ? 'asking' : !state.me ? 'out' : state.me.must_change_password ? 'password' : 'in')),
  may: (permission: Permission): boolean => state.me?.permissions.includes(permission) ?? false,
  mayAny: (permissions: readonly Permission[]): boolean => permissions.length === 0 || permissions.some((p) => session.may(p)),

  /** Asks the server; an answer that nobody is signed in is an answer. */
  async load(): Promise<void> {
    try {
      state.me = await got(api.GET('/api/v1/auth/me'))
      state.expired = false
    } catch (error) {
      // No answer at all, or none of the service's own: whoever was here last goes on with what this device has kept.
      const known = error instanceof Problem && !error.transient ? undefined : (state.me ?? (await memory?.get()))
      if (!known && (!(error instanceof Problem) || error.status !== 401)) throw error
      // A session that ended meanwhile is asked for again, over what was being done.
      if (!known && state.me) state.expired = true
      state.me = known
    }
    state.asked = true
    await memory?.set(state.me)
  },
  async signIn(name: string, password: string): Promise<void> {
    state.me = await got(api.POST('/api/v1/auth/sign-in', { body: { name, password } }))
    state.expired = false
    await memory?.set(state.me)
  },
  async changePassword(current: string, next: string): Promise<void> {
    state.me = await got(api.POST('/api/v1/auth/password', { body: { current, new: next } }))
  },
  /** Nobody is asked for a password before what this device kept of the one who leaves is gone (`clean`). */
  async signOut(clean?: () => Promise<void>): Promise<void> {
    await api.POST('/api/v1/auth/sign-out')
    state.asked = false
    state.me = undefined
    state.expired = false
    try {
      await memory?.set(undefined)
      await clean?.()
    } finally {
      state.asked = true
    }
  },
}
