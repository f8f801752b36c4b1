import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Fault, StandinError } from '@standin/client/errors'

/** `$XDG_CONFIG_HOME/standin/config.yaml`. A relative `tokenFile` counts from the file's folder. */
export interface ConfigFile {
  readonly url?: string
  readonly token?: string
  readonly tokenFile?: string
}

const keys = ['url', 'token', 'tokenFile'] as const

/** An absent file is an empty one. Throws `invalid` with every fault and its place. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new StandinError('invalid', `${path} can not be read: ${(error as Error).message}.`, { cause: error })
  }
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const errors: Fault[] = []
  const fault = (offset: number, key: string, message: string) => {
    const { line, col } = lines.linePos(offset)
    errors.push({ path: key, message, file: path, line, column: col })
  }
  for (const error of document.errors) fault(error.pos[0], '', error.message.split('\n')[0] ?? error.code)

  const config: { -readonly [K in keyof ConfigFile]: ConfigFile[K] } = {}
  const root = document.contents
  if (isMap(root)) {
    for (const { key, value } of root.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0
      const known = keys.find((candidate) => candidate === name)
      if (!known) fault(at, name, `is not known; there are ${keys.join(', ')}`)
      else if (!isScalar(value) || typeof value.value !== 'string') fault(at, name, 'has to be a text')
      else config[known] = value.value
    }
  } else if (root && !(isScalar(root) && root.value === null)) {
    fault(0, '', `has to be a map of ${keys.join(', ')}`)
  }
  if (errors.length > 0) {
    throw new StandinError('invalid', `The configuration ${path} is not valid.`, { errors, hint: 'Mend it, or move it away.' })
  }
  if (config.tokenFile !== undefined) config.tokenFile = resolve(dirname(path), config.tokenFile)
  return config
}
