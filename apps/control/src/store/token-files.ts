import type { Scope } from '@standin/client'
import { type Home, readFileIfThere, writeFileAtomically } from './home.ts'
import type { Tokens } from './tokens.ts'

/** The platform's own tokens, one file each: whoever may read the file may use it. */
const ownTokens: readonly { readonly name: string; readonly scope: Scope }[] = [
  { name: 'admin', scope: 'admin' },
  { name: 'gateway', scope: 'wake' },
  { name: 'dns', scope: 'read' },
]

/** Make each file that is missing or whose token isn't valid any more. */
export function ensureTokenFiles(home: Home, tokens: Tokens): void {
  for (const { name, scope } of ownTokens) {
    const file = home.tokenFile(name)
    const text = readFileIfThere(file)?.trim()
    if (text !== undefined && tokens.check(text)?.scope === scope) continue
    writeFileAtomically(file, `${tokens.create({ name, scope, expiresAt: null }, 'control').text}\n`)
  }
}
