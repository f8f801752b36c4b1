import type { PluginSection } from '@standin/client'
import { type Decision, instant } from './decision.ts'

const done: Readonly<Record<Decision['action'], string>> = {
  suspend: 'suspended',
  resume: 'woken',
  delete: 'moved to the trash',
  label: 'marked',
  keep: 'nothing',
}

/**
 * What is decided of an environment, as a section of its page: what happens next, when, by which rule, and what would change it.
 * @param announcedAt when it will be deleted, as people were told; ms since the epoch; null: they were not
 */
export function sectionOf(decision: Decision, announcedAt: number | null, dryRun: boolean): PluginSection {
  const { later, faults } = decision
  // What is only written onto it is no change of its own.
  const [first = { ...decision, action: 'keep' as const, at: null }, ...then] = [decision, ...later].filter(
    (step) => step.action !== 'label',
  )
  const { rule, because, whatWouldChangeIt } = first
  const words = ({ action, at }: Pick<Decision, 'action' | 'at'>) => (at === null ? done.keep : `${done[action]} at ${instant(at)}`)
  return {
    title: 'Suspend',
    rows: [
      ...(announcedAt === null || Number.isNaN(announcedAt) ? [] : [{ name: 'announced', value: `deletion at ${instant(announcedAt)}` }]),
      { name: 'next', value: dryRun && first.action !== 'keep' ? `${words(first)} (not really: a dry run)` : words(first) },
      { name: 'by rule', value: `${rule}: ${because}` },
      ...whatWouldChangeIt.map((value) => ({ name: 'changed by', value })),
      ...then.map((step) => ({ name: 'then', value: `${words(step)}: ${step.rule}` })),
      ...faults.map((value) => ({ name: 'not understood', value })),
    ],
  }
}
