import type { Likeness } from './upstream-question.ts'

/** Why nothing came of an attempt. `network`: the system says that there is no way; `silence`: nothing came in time. */
export type FailureKind = 'silence' | 'network' | 'untrusted' | 'busy' | 'stopped'

export class AttemptFailure {
  readonly kind: FailureKind
  /** For people. */
  readonly reason: string

  constructor(kind: FailureKind, reason: string) {
    this.kind = kind
    this.reason = reason
  }
}

/** Who made an attempt. */
export interface AttemptOwner {
  /** A message that may be the reply. The attempt is over unless `likeness` is `otherCase`. */
  replied(attempt: Attempt, reply: Buffer, likeness: Likeness): void
  /** Nothing came when something should have. The attempt goes on. Told once. */
  late(attempt: Attempt): void
  /** The attempt is over. */
  failed(attempt: Attempt, failure: AttemptFailure): void
  /** Forged replies come in for it: the port is known to somebody. The attempt goes on. */
  attacked(attempt: Attempt): void
}

/** One message to one upstream. `Link` is what its owner knows the upstream by. */
export class Attempt<Link = unknown> {
  readonly owner: AttemptOwner
  readonly link: Link
  readonly message: Buffer
  readonly questionEnd: number
  readonly overStream: boolean
  /** Milliseconds of a clock that never goes back. */
  readonly sentAt: number
  /** When it counts against the upstream that nothing came. */
  readonly dueAt: number
  readonly expiresAt: number
  readonly edns: boolean
  /** It was sent again, as the connection was closed under it. */
  resent = false
  /** Its owner was told that it is late. */
  #isLate = false
  /** Its reply can't be used to measure: it waited for a connection, say. */
  measured = true

  constructor(parts: {
    owner: AttemptOwner
    link: Link
    message: Buffer
    questionEnd: number
    overStream: boolean
    sentAt: number
    dueAt: number
    expiresAt: number
    edns: boolean
  }) {
    this.owner = parts.owner
    this.link = parts.link
    this.message = parts.message
    this.questionEnd = parts.questionEnd
    this.overStream = parts.overStream
    this.sentAt = parts.sentAt
    this.dueAt = parts.dueAt
    this.expiresAt = parts.expiresAt
    this.edns = parts.edns
  }

  get isLate(): boolean {
    return this.#isLate
  }

  /** To be called now and then. True: it is over. */
  look(now: number): boolean {
    if (!this.#isLate && now >= this.dueAt) {
      this.#isLate = true
      this.owner.late(this)
    }
    return now >= this.expiresAt
  }

  get id(): number {
    return this.message.readUInt16BE(0)
  }

  set id(value: number) {
    this.message.writeUInt16BE(value, 0)
  }
}
