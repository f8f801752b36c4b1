import { type ErrorCode, StandinError } from '@standin/client'

/** RFC 7644, section 3.12, table 9. */
type ScimType = 'invalidFilter' | 'tooMany' | 'uniqueness' | 'mutability' | 'invalidSyntax' | 'invalidPath' | 'noTarget' | 'invalidValue'

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** What a SCIM client is told (RFC 7644, section 3.12). */
export class ScimError extends Error {
  override readonly name = 'ScimError'
  readonly status: number
  readonly scimType: ScimType | undefined

  constructor(status: number, detail: string, scimType?: ScimType) {
    super(detail)
    this.status = status
    this.scimType = scimType
  }

  toBody() {
    const { status, scimType, message } = this
    // The status is a string: RFC 7644, section 3.12.
    return { schemas: [errorUrn], status: String(status), ...(scimType === undefined ? {} : { scimType }), detail: message }
  }
}

const scimTypes: { readonly [C in ErrorCode]?: ScimType } = {
  name_taken: 'uniqueness',
  email_taken: 'uniqueness',
  external_id_taken: 'uniqueness',
  invalid: 'invalidValue',
}

/** Whatever was thrown while a request was answered. */
export function toScimError(error: unknown): ScimError {
  if (error instanceof ScimError) return error
  if (error instanceof StandinError) {
    const text = error.hint === undefined ? error.message : `${error.message} (${error.hint})`
    return new ScimError(error.status, text, scimTypes[error.code])
  }
  const { statusCode = 500, message = '' } = (error ?? {}) as { statusCode?: number; message?: string }
  if (statusCode === 400) return new ScimError(400, message, 'invalidSyntax')
  if (statusCode > 400 && statusCode < 500) return new ScimError(statusCode, message)
  return new ScimError(500, 'a fault in Standin: its log says more')
}
