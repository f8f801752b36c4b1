import { bareAnswer } from '../wire/answer.ts'
import { extendedError, rcode } from '../wire/protocol.ts'
import type { RecordTable } from '../zones/record-table.ts'
import type { Handler } from './handler.ts'

const notReady = bareAnswer(rcode.SERVFAIL, { code: extendedError.NOT_READY, text: 'no record table yet: control has not been reached' })
const notAuthoritative = bareAnswer(rcode.REFUSED, {
  code: extendedError.NOT_AUTHORITATIVE,
  text: 'not a name of ours, and no upstream to ask',
})

/** Without a table it is not even known which names are ours, and none of those may be asked of others. */
export function untilLoaded(table: RecordTable): Handler {
  return () => (table.zone === undefined ? notReady : undefined)
}

/** For what no other handler answers. */
export const refuseTheRest: Handler = () => notAuthoritative
