import { StandinError } from '@standin/client/errors'
import { parseMoment } from '../duration.ts'
import { lookUp } from '../transition.ts'
import { parseCount, type Verb } from '../verb.ts'

interface Options {
  readonly follow?: boolean
  readonly since?: number
  readonly until?: number
  readonly tail?: number
  readonly timestamps?: boolean
}

export const logs: Verb<readonly [string, string | undefined], Options> = {
  description: 'Of all hosts, or of one. Both streams of every instance, in the order in which the lines came.',
  arguments: [
    { name: '<env>', description: 'name or configId', completes: 'environment' },
    { name: '[host]', description: 'only this host', completes: 'host' },
  ],
  options: [
    { flags: '-f, --follow', description: 'go on with new lines' },
    { flags: '--since <moment>', description: '10m, 15:40 or 2026-11-21T15:40:00Z', parse: (text) => parseMoment(text) },
    { flags: '--until <moment>', description: 'as --since', parse: (text) => parseMoment(text) },
    { flags: '-n, --tail <lines>', description: 'only the last so many', parse: parseCount(0) },
    { flags: '-t, --timestamps', description: 'with the time of each line' },
  ],
  examples: [
    ['standin logs alice api -n 20', 'the last 20 lines of one host'],
    ['standin logs alice -f', 'all hosts, as they speak'],
    ['standin logs alice --since 15:40 --until 15:50', 'between two times of today'],
  ],
  async run(context, [ref, host], { follow, since, until, tail, timestamps }) {
    const { output, signal } = context
    if (since !== undefined && until !== undefined && since >= until) {
      throw new StandinError('invalid', '--since is not before --until: there is nothing between them.', {
        hint: 'A duration is how long ago: --since 10m --until 1s.',
      })
    }
    const [environment] = await lookUp(context, [ref])
    if (!environment) return
    const hues = [output.paint.cyan, output.paint.green, output.paint.yellow, output.paint.bold]
    const instances = environment.hosts.flatMap((each) => each.instances.map(({ name }) => name))
    const width = Math.max(0, ...instances.map((name) => name.length))
    for await (const line of environment.logs({ host, since, until, tail, follow, signal })) {
      await output.element(line, () => {
        const paint = hues[Math.max(0, instances.indexOf(line.instance)) % hues.length] ?? output.paint.cyan
        const text = line.stream === 'system' ? output.paint.dim(line.line) : line.line
        return `${timestamps ? `${line.at} ` : ''}${paint(`${line.instance.padEnd(width)} |`)} ${text}`
      })
    }
    signal.throwIfAborted()
  },
}
