import { afterEach, beforeEach, describe } from 'vitest'
import { Bench, type ConformanceSubject } from './provider-conformance/bench.ts'
import { rulesOfData } from './provider-conformance/data.ts'
import { rulesOfLifecycle } from './provider-conformance/lifecycle.ts'
import { rulesOfRecovery } from './provider-conformance/recovery.ts'
import { rulesOfSessions } from './provider-conformance/sessions.ts'
import { rulesOfSupervision } from './provider-conformance/supervision.ts'
import { rulesOfSuspension } from './provider-conformance/suspension.ts'

export type { ConformanceSubject } from './provider-conformance/bench.ts'
export { environmentProcesses } from './provider-conformance/environment-processes.ts'
export { host, stackOf } from './provider-conformance/stacks.ts'

/**
 * Holds a provider to the contract of packages/core: every rule is tried on the real thing, each test in a data directory
 * of its own.
 */
export function describeProviderConformance(name: string, subject: ConformanceSubject): void {
  describe(`Provider ${name}`, () => {
    let opened: Bench
    const bench = (): Bench => opened
    beforeEach(async () => {
      opened = await Bench.open(subject)
    })
    afterEach(() => opened.close())

    rulesOfLifecycle(bench)
    rulesOfSupervision(bench)
    rulesOfSuspension(bench, subject)
    rulesOfSessions(bench)
    rulesOfData(bench)
    rulesOfRecovery(bench, subject)
  })
}
