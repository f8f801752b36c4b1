import { expect } from 'vitest'

export interface ScimAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says is looked at by a test.
  readonly body: any
}

export const patchOf = (...Operations: readonly object[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })

/** A directory that pushes, as far as HTTP goes: what it gets is JSON of SCIM or nothing (RFC 7644, section 3.1). */
export class ScimClient {
  readonly #url: string
  readonly #token: string

  /** @param url of control */
  constructor(url: string, token: string) {
    this.#url = `${url}/v1/plugins/identity/scim/v2`
    this.#token = token
  }

  async send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<ScimAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: text }),
    })
    const answer = await response.text()
    if (answer !== '') expect(response.headers.get('content-type')).toBe('application/scim+json; charset=utf-8')
    return { status: response.status, headers: response.headers, body: answer === '' ? null : JSON.parse(answer) }
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<ScimAnswer> {
    return this.send('GET', path, undefined, headers)
  }

  post(path: string, body: unknown): Promise<ScimAnswer> {
    return this.send('POST', path, body)
  }

  put(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<ScimAnswer> {
    return this.send('PUT', path, body, headers)
  }

  patch(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<ScimAnswer> {
    return this.send('PATCH', path, body, headers)
  }

  delete(path: string, headers?: Readonly<Record<string, string>>): Promise<ScimAnswer> {
    return this.send('DELETE', path, undefined, headers)
  }

  /** Those that a filter finds. */
  async find(kind: 'Users' | 'Groups', filter: string): Promise<ScimAnswer['body'][]> {
    const { status, body } = await this.get(`/${kind}?filter=${encodeURIComponent(filter)}`)
    expect([status, body]).toMatchObject([200, { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'] }])
    return body.Resources
  }
}
