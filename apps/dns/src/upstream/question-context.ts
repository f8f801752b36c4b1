import type { AnswerCache } from '../cache/answer-cache.ts'
import type { ForwardingSettings } from '../dnsmasq/settings.ts'
import type { Answer } from '../wire/answer.ts'
import type { AddressRules } from './address-rules.ts'
import type { LoopMarker } from './loop-marker.ts'
import type { RandomOctets } from './random-octets.ts'
import type { UpstreamLink } from './upstream-link.ts'
import type { UpstreamQuestion } from './upstream-question.ts'

/** What all questions on their way have in common. */
export interface QuestionContext {
  readonly settings: ForwardingSettings
  readonly cache: AnswerCache
  readonly rules: AddressRules
  readonly random: RandomOctets
  readonly marker: LoopMarker
  readonly deadlineMs: number
  /** A private address came for a public name. */
  onRebind(question: UpstreamQuestion, link: UpstreamLink): void
  /** The question with this key has its answer and waits for nobody any more. `failed`: nobody gave one. */
  settled(key: string, answer: Answer, failed: boolean): void
}
