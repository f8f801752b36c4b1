import { StandinError } from '@standin/client/errors'
import { askPlugin } from '../ask-plugin.ts'
import { formatAge, parseSpan } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import { parseName } from '../name.ts'
import type { Verb } from '../verb.ts'

/** What the plugin usage answers. */
interface BoardPass {
  readonly id: string
  readonly name: string
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

const hourMs = 3_600_000

export const usageBoard: Verb<readonly [string?], { expires?: number; list?: boolean; revoke?: string }> = {
  description:
    'Prints a link. Opened on the screen that is to show the board, once and within ten minutes, it lets that screen look: at the board\n' +
    'and at nothing else, until it expires or is revoked. It needs a token with the scope admin.',
  arguments: [{ name: '[screen]', description: 'what to call the screen (default: board)' }],
  options: [
    { flags: '--expires <duration>', description: 'how long the screen may look, e.g. 30d (default: 90d)', parse: parseSpan(hourMs) },
    { flags: '--list', description: 'the screens that may look' },
    { flags: '--revoke <id>', description: 'let a screen look no longer; it goes blank at once' },
  ],
  examples: [
    ['standin usage board lobby', 'a link for the screen in the lobby'],
    ['standin usage board --list', 'who may look, and until when'],
    ['standin usage board --revoke 0123456789ab', 'the screen was taken down'],
  ],
  async run(context, [screen = 'board'], { expires = 90 * 24 * hourMs, list, revoke }) {
    const { messages, output } = context
    if (revoke !== undefined) {
      if (!/^[0-9a-f]{1,64}$/.test(revoke)) {
        throw new StandinError('invalid', `'${revoke}' is not the id of a screen.`, { hint: '`standin usage board --list` shows them.' })
      }
      await askPlugin(context, 'usage', `/board/passes/${revoke}`, { method: 'DELETE' })
      messages.info(`Revoked ${revoke}.`)
      return
    }
    if (list) {
      const { items } = await askPlugin<{ items: BoardPass[] }>(context, 'usage', '/board/passes')
      const now = Date.now()
      await output.list(items, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'SCREEN', value: ({ name }) => name },
        { title: 'BY', value: ({ createdBy }) => createdBy },
        { title: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
        { title: 'EXPIRES', value: ({ expiresAt }) => formatInstant(expiresAt) },
      ])
      return
    }
    parseName(screen)
    const body = { name: screen, expires: `${Math.ceil(expires / hourMs)}h` }
    const made = await askPlugin<{ path: string; expiresAt: string }>(context, 'usage', '/board/links', { method: 'POST', body })
    const url = (await context.connect()).url + made.path
    messages.info(`Open this on the screen before ${formatInstant(made.expiresAt)}. It works once:`)
    await output.one({ url, expiresAt: made.expiresAt }, () => url)
  },
}
