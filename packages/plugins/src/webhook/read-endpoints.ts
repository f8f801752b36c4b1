import { type Fault, StandinError } from '@standin/client'
import { readKey } from './signature.ts'
import type { EndpointConfig } from './webhook-config.ts'

interface Endpoint {
  readonly config: EndpointConfig
  /** What it signs with. */
  readonly key: Buffer
}

/** @throws StandinError `invalid` with everything that the schema can't see; it says no secret, nor a URL, which may be one */
export async function readEndpoints(configs: readonly EndpointConfig[]): Promise<Endpoint[]> {
  const errors: Fault[] = []
  const endpoints: Endpoint[] = []
  for (const [index, config] of configs.entries()) {
    const { name, url, secretFile, secretVariable } = config
    const refuse = (key: string, message: string) => errors.push({ path: `/endpoints/${index}${key}`, message })
    // Two of one name would have one queue.
    if (configs.findIndex((each) => each.name === name) < index)
      refuse('/name', `two endpoints are called ${name}: give each a name of its own`)
    const fault = faultOf(url)
    if (fault !== null) refuse('/url', `the endpoint ${name} has ${fault}`)
    try {
      endpoints.push({ config, key: await readKey(config) })
    } catch (error) {
      if (!(error instanceof StandinError)) throw error
      refuse(secretFile !== undefined ? '/secretFile' : secretVariable !== undefined ? '/secretVariable' : '', error.message)
    }
  }
  if (errors.length > 0) throw new StandinError('invalid', errors.map(({ message }) => message).join('; '), { errors })
  return endpoints
}

function faultOf(text: string): string | null {
  const url = URL.parse(text)
  if (url === null) return 'a url that is none'
  return url.username === '' && url.password === '' ? null : 'a name or password in its url, with which nothing can be posted'
}
