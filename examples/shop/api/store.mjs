// The shop's data: one JSON document for each kind, and an order log with one JSON object a line.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const dir = process.env.DATA_DIR ?? 'data'
mkdirSync(dir, { recursive: true })

export function read(kind, fallback) {
  const file = join(dir, `${kind}.json`)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : fallback
}

export function write(kind, value) {
  const file = join(dir, `${kind}.json`)
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

export function orders() {
  const file = join(dir, 'orders.jsonl')
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

export function addOrder(order) {
  appendFileSync(join(dir, 'orders.jsonl'), `${JSON.stringify(order)}\n`)
}
