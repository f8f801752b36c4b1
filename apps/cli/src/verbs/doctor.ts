import { Ending } from '../ending.ts'
import { examine } from '../examination.ts'
import type { Finding } from '../finding.ts'
import { formatPairs } from '../table.ts'
import type { Verb } from '../verb.ts'

export const doctor: Verb = {
  description:
    'Looks at Node, the home, the platform, its providers, the gateway, HTTPS and who trusts it, the resolver, how this machine\n' +
    'resolves names, and the plugins. What the providers lack is known only while the platform runs. Ends with 6 when something\n' +
    'does not work; what only could be better is a warning.',
  examples: [
    ['standin doctor', 'on the machine where the platform runs'],
    ['standin doctor --json | jq \'.[] | select(.status != "ok")\'', 'only what is not well'],
  ],
  async run(context) {
    const findings = await examine(context)
    const { paint } = context.output
    const mark: Record<Finding['status'], string> = {
      ok: paint.green('ok     '),
      warning: paint.yellow('warning'),
      failed: paint.red('failed '),
    }
    await context.output.one(findings, () =>
      formatPairs(
        findings.map(({ name, status, message, hint }) => [
          name,
          `${mark[status]}  ${message}${hint ? `\n${' '.repeat(9)}${paint.dim(hint)}` : ''}`,
        ]),
        paint.dim,
      ),
    )
    if (findings.some(({ status }) => status === 'failed')) throw new Ending('unhealthy')
  },
}
