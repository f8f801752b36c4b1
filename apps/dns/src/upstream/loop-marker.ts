import { randomBytes } from 'node:crypto'
import { rrType } from '../wire/protocol.ts'
import { recordAt } from '../wire/records.ts'

/** Of those for local and experimental use: RFC 6891, section 9. */
const optionCode = 65_313
const identityLength = 8
/** Resolvers of this kind that one question may go through. Those that all ask each other would try every way between them. */
const mostPassings = 5

const nowhere = Buffer.alloc(0)

/** Who has passed a question on before, one after the other, eight octets each: as the option of a query says. */
export type Trail = Buffer

/**
 * The EDNS option that all our questions to upstreams carry: by which resolvers of this kind they came. Each adds itself to
 * those that were there, so a query that has us in it has gone round, by way of however many others.
 */
export class LoopMarker {
  readonly #identity: Buffer
  /** For a question that came from nobody of our kind. */
  readonly #first: Buffer

  /** `identity`: one for all processes of a resolver. Default: a random one. */
  constructor(identity: Buffer = newIdentity()) {
    this.#identity = identity
    this.#first = optionOf(identity)
  }

  /** In wire form, for a question that has come by `trail`. */
  option(trail: Trail): Buffer {
    return trail.length === 0 ? this.#first : optionOf(Buffer.concat([trail, this.#identity]))
  }

  /** We have passed it on ourselves, or so many others have that something is wrong. */
  isRound(trail: Trail): boolean {
    if (trail.length > mostPassings * identityLength) return true
    for (let at = 0; at < trail.length; at += identityLength)
      if (trail.subarray(at, at + identityLength).equals(this.#identity)) return true
    return false
  }
}

export function newIdentity(): Buffer {
  return randomBytes(identityLength)
}

/** That of a well-formed query, whose question ends at `questionEnd`; empty where it came from nobody of our kind. */
export function trailOf(message: Buffer, questionEnd: number): Trail {
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  let at = questionEnd
  for (let index = 0; index < count; index++) {
    const record = recordAt(message, at)
    if (record === undefined) return nowhere
    if (record.type === rrType.OPT) return among(message.subarray(record.fixed + 10, record.end))
    at = record.end
  }
  return nowhere
}

function among(options: Buffer): Trail {
  for (let at = 0; at + 4 <= options.length; ) {
    const length = options.readUInt16BE(at + 2)
    const end = at + 4 + length
    if (options.readUInt16BE(at) === optionCode && length % identityLength === 0 && end <= options.length)
      return options.subarray(at + 4, end)
    at = end
  }
  return nowhere
}

function optionOf(identities: Buffer): Buffer {
  return Buffer.concat([Buffer.from([optionCode >> 8, optionCode & 0xff, 0, identities.length]), identities])
}
