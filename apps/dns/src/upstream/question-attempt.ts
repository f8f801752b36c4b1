import { Attempt, type AttemptOwner } from './attempt.ts'
import type { QuestionContext } from './question-context.ts'
import type { UpstreamLink } from './upstream-link.ts'
import { encodeQuestion, questionEndOf, type UpstreamQuestion } from './upstream-question.ts'

const shortestPatienceMs = 1500
/** A connection has to be made first. */
const streamPatienceMs = 3000

/** The question as it is put to one upstream. `until`: when nobody waits for an answer any more. */
export function attemptOf(
  parts: { owner: AttemptOwner; link: UpstreamLink; question: UpstreamQuestion; overStream: boolean; edns: boolean; until: number },
  { random, marker }: QuestionContext,
  now: number,
): Attempt<UpstreamLink> {
  const { owner, link, question, overStream, edns } = parts
  const { isSecured } = link
  const manner = { id: 0, mixCase: link.keepsCase(now), edns, authenticData: isSecured, padded: isSecured }
  const dueAt = now + (overStream ? streamPatienceMs : Math.max(link.health.timeoutMs * 3, shortestPatienceMs))
  return new Attempt<UpstreamLink>({
    ...{ owner, link, message: encodeQuestion(question, manner, marker, random), questionEnd: questionEndOf(question) },
    // Never shorter than it takes to tell that the upstream is slow.
    ...{ overStream, sentAt: now, dueAt, expiresAt: Math.max(parts.until, dueAt), edns },
  })
}
