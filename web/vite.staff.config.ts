import { defineConfig } from 'vite'
import { face, STAFFS_BROWSERS } from './vite.face.ts'
import { installable } from './vite.worker.ts'

const both = face({ pages: ['worker', 'admin'], target: STAFFS_BROWSERS, license: 'licenses-staff.md', beside: true })
// Built by themselves, so that a resident's pages carry nothing that only the desk needs.
export default defineConfig({ ...both, plugins: [...(both.plugins ?? []), installable()] })
