import type { Answer } from '../wire/answer.ts'
import type { Query } from '../wire/query.ts'

/** Instead of an answer: the message is to be forgotten. */
export const drop: unique symbol = Symbol('drop')
type Drop = typeof drop

/** One link of the chain. Undefined passes the query on to the next; the first that says something else has the last word. */
export type Handler = (query: Query) => Answer | Drop | Promise<Answer> | undefined
