import type { PluginSection } from '@standin/client'
import { type Decision, instant, type Step } from './decision.ts'

const words: Readonly<Record<Step['action'], string>> = {
  suspend: 'suspended',
  resume: 'woken',
  delete: 'moved to the trash',
  label: 'marked',
}

/**
 * What is decided of an environment, as a section of its page: what happens next, when, by which rule, and what would change it.
 * @param announcedAt when it will be deleted, as people were told; ms since the epoch; null: they were not
 */
export function sectionOf(
  { action, at, rule, because, whatWouldChangeIt, later, faults }: Decision,
  announcedAt: number | null,
  dryRun: boolean,
): PluginSection {
  const next = action === 'keep' || at === null ? 'nothing' : `${words[action]} at ${instant(at)}`
  const then = later.filter((step) => step.action !== 'label')
  return {
    title: 'Suspend',
    rows: [
      ...(announcedAt === null || Number.isNaN(announcedAt) ? [] : [{ name: 'announced', value: `deletion at ${instant(announcedAt)}` }]),
      { name: 'next', value: dryRun && action !== 'keep' ? `${next} (not really: a dry run)` : next },
      { name: 'by rule', value: `${rule}: ${because}` },
      ...whatWouldChangeIt.map((value) => ({ name: 'changed by', value })),
      ...then.map((step) => ({ name: 'then', value: `${words[step.action]} at ${instant(step.at)}: ${step.rule}` })),
      ...faults.map((value) => ({ name: 'not understood', value })),
    ],
  }
}
