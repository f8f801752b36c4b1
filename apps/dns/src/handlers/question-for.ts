import { nameBytes, type WireName } from '../wire/name.ts'
import { size } from '../wire/protocol.ts'
import { Query } from '../wire/query.ts'

/** The same question of another name; of another type, if one is given. */
export function questionFor({ message, questionEnd, source, type }: Query, name: WireName, otherType = type): Query {
  const question = Buffer.concat([message.subarray(0, size.header), nameBytes(name), message.subarray(questionEnd - 4)])
  question.writeUInt16BE(otherType, size.header + name.length)
  return new Query(question, source, true)
}
