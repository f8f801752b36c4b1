import type { AccessList } from '../clients/access-list.ts'
import { bareAnswer } from '../wire/answer.ts'
import { extendedError, rcode, rrClass, rrType } from '../wire/protocol.ts'
import { drop, type Handler } from './handler.ts'

const formatError = bareAnswer(rcode.FORMERR)
const notImplemented = bareAnswer(rcode.NOTIMP)
const badVersion = bareAnswer(rcode.BADVERS)
const refused = bareAnswer(rcode.REFUSED)
const prohibited = bareAnswer(rcode.REFUSED, { code: extendedError.PROHIBITED, text: 'this resolver does not serve your network' })

/**
 * Responses, or two servers could talk for ever (RFC 5452, section 9.1 says who may take one); what is too short to have a
 * header (RFC 1035, section 4.1.1); what no answer can be sent to (port 0: RFC 768 and RFC 6335, section 6).
 */
export const dropNoise: Handler = (query) => (query.fault === 'runt' || query.isResponse || query.source.port === 0 ? drop : undefined)

/** Who asks from elsewhere gets to know no name, and that it is for this reason: RFC 8914, section 4.19. */
export function refuseStrangers(access: AccessList): Handler {
  return (query) => (access.admits(query.source) ? undefined : prohibited)
}

/** Before the question is looked at, as other opcodes may have other contents: RFC 1035, section 4.1.1. */
export const refuseOpcodes: Handler = (query) => (query.isPlainQuery ? undefined : notImplemented)

/** RFC 1035, section 4.1.1; one question: RFC 9619, section 4; one OPT record: RFC 6891, section 6.1.1. */
export const refuseMalformed: Handler = (query) => (query.fault === 'malformed' ? formatError : undefined)

/** RFC 6891, section 6.1.3. */
export const refuseEdnsVersions: Handler = (query) => (query.edns !== undefined && query.edns.version > 0 ? badVersion : undefined)

/** We have nothing in CHAOS, and class ANY asks for nothing in particular (RFC 1035, section 3.2.5). */
export const refuseClasses: Handler = (query) => (query.class === rrClass.IN ? undefined : refused)

/**
 * Types that no name has. A zone is not handed out (RFC 5936, section 2.2.1; RFC 1995, section 2); MAILA and MAILB are obsolete (RFC 1035, section
 * 3.2.3); the others stand for something outside a question (RFC 6895, section 3.1).
 */
export const refuseMetaTypes: Handler = (query) => {
  if (query.type < rrType.OPT) return undefined
  switch (query.type) {
    case rrType.AXFR:
    case rrType.IXFR:
      return refused
    case rrType.MAILA:
    case rrType.MAILB:
      return notImplemented
    case rrType.OPT:
    case rrType.TKEY:
    case rrType.TSIG:
      return formatError
    default:
      return undefined
  }
}
