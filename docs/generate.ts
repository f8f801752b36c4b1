/** `pnpm docs`: writes the pages of docs/reference that are made from the schemas and tables of packages/client. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { referencePages } from './reference-pages.ts'

for (const [file, text] of Object.entries(referencePages())) {
  writeFileSync(join(import.meta.dirname, 'reference', file), text)
  console.log(`docs/reference/${file}`)
}
