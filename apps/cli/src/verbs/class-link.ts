import { askPlugin } from '../ask-plugin.ts'
import { classPath } from '../class-question.ts'
import { parseSpan } from '../duration.ts'
import { formatInstant } from '../environment-text.ts'
import type { Verb } from '../verb.ts'

const hourMs = 3_600_000

export const classLink: Verb<readonly [string], { expires?: number }> = {
  description:
    'Prints a link. Opened in the instructor’s browser, once and within ten minutes, it shows the page of the class: its seats, a button\n' +
    'to reset each, and a list for the students. Instructors of the class, and editors of its project, make one.',
  arguments: [{ name: '<class>', description: 'its name' }],
  options: [
    {
      flags: '--expires <duration>',
      description: 'how long the page may be looked at, 7d at most (default: 12h)',
      parse: parseSpan(hourMs, 7 * 24 * hourMs),
    },
  ],
  examples: [['standin class link intro', 'the page of the class intro, for today']],
  async run(context, [name], { expires = 12 * hourMs }) {
    const body = { expires: `${Math.ceil(expires / hourMs)}h` }
    const made = await askPlugin<{ path: string; expiresAt: string }>(context, 'classroom', `${classPath(name)}/links`, {
      method: 'POST',
      body,
    })
    const url = (await context.connect()).url + made.path
    context.messages.info(`Open this in the instructor’s browser before ${formatInstant(made.expiresAt)}. It works once:`)
    await context.output.one({ url, expiresAt: made.expiresAt }, () => url)
  },
}
