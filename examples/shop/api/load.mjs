// Loads one kind of fixture: a JSON object a line on standard input.
import { write } from './store.mjs'

const kind = process.argv[2]
let text = ''
for await (const chunk of process.stdin) text += chunk
const rows = text
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line))
write(kind, rows)
console.log(`${rows.length} ${kind} loaded`)
