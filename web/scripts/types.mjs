// The types of every call, made from the API document as it was reviewed: a changed API breaks the build where it is used.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const REVIEWED = new URL('../../tests/it/api/snapshots/it__api__openapi__openapi.snap', import.meta.url)
const MADE = new URL('../src/api/generated/schema.ts', import.meta.url)

// A snapshot has a head between two lines of dashes.
const document = JSON.parse(readFileSync(REVIEWED, 'utf8').replace(/^---\n[^]*?\n---\n/, ''))
const types = astToString(await openapiTS(document))
mkdirSync(new URL('.', MADE), { recursive: true })
writeFileSync(MADE, `// Made by scripts/types.mjs; not kept under version control.\n${types}`)
