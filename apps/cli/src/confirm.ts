import { createInterface } from 'node:readline/promises'
import { StandinError } from '@standin/client/errors'
import type { Context } from './context.ts'
import { Ending } from './ending.ts'

/**
 * Ask before something is destroyed. With `--yes` nobody is asked; where nobody is there to answer, it is refused.
 * @param what goes, a line each
 */
export async function confirm(context: Context, what: readonly string[], question: string, yes: boolean | undefined): Promise<void> {
  if (yes) return
  if (!context.interactive) {
    throw new StandinError('invalid', `This would have to be asked, and nobody is here to answer: ${question}`, {
      errors: what.map((line) => ({ path: '', message: line })),
      hint: 'Say --yes.',
    })
  }
  const prompt = createInterface({ input: context.stdin, output: context.stderr })
  try {
    for (const line of what) context.stderr.write(`${line}\n`)
    // The prompt takes Ctrl-C from the terminal; it means what it always means. Ctrl-D is no answer, so it is a no.
    prompt.once('SIGINT', () => {
      context.stderr.write('\n')
      process.kill(process.pid, 'SIGINT')
    })
    const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
    const answer = await Promise.race([prompt.question(`${question} [y/N] `, { signal: context.signal }), closed])
    if (!/^y(es)?$/i.test(answer.trim())) throw new Ending('interrupted', 'Nothing was changed.')
  } finally {
    prompt.close()
  }
}
