import { isIP } from 'node:net'
import { Source } from '../wire/source.ts'

/** Loopback, private and link-local networks: RFC 1918, section 3; RFC 3927; RFC 4193; RFC 4291, section 2.5.6. */
export const privateNetworks: readonly string[] = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
]

interface Network {
  readonly words: readonly [number, number, number, number]
  readonly masks: readonly [number, number, number, number]
}

/** Who may ask. Loopback always may: whoever is on this machine could as well read the tables. */
export class AccessList {
  readonly #networks: readonly Network[]

  /** @throws RangeError for what is no network, such as `10.0.0.0/8` or `2001:db8::/32`; an address stands for itself. */
  constructor(networks: readonly string[] = privateNetworks) {
    this.#networks = networks.map((text) => {
      const network = parse(text)
      if (network === undefined) throw new RangeError(`"${text}" is not a network`)
      return network
    })
  }

  admits(source: Source): boolean {
    if (source.isLoopback) return true
    for (const { words, masks } of this.#networks) {
      if (
        (source.word0 & masks[0]) === words[0] &&
        (source.word1 & masks[1]) === words[1] &&
        (source.word2 & masks[2]) === words[2] &&
        (source.word3 & masks[3]) === words[3]
      )
        return true
    }
    return false
  }
}

/** Undefined for what is no network: a prefix that is too long, or bits set behind it, as in `10.0.0.1/8`. */
function parse(text: string): Network | undefined {
  const [, address = '', digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  const longest = family === 4 ? 32 : 128
  const length = digits === undefined ? longest : Number(digits)
  if (family === 0 || length > longest) return undefined
  const { word0, word1, word2, word3 } = new Source().set(address, 0)
  const bits = family === 4 ? length + 96 : length
  const masks = [maskOf(bits), maskOf(bits - 32), maskOf(bits - 64), maskOf(bits - 96)] as const
  const words = [word0 & masks[0], word1 & masks[1], word2 & masks[2], word3 & masks[3]] as const
  const exact = words[0] === word0 && words[1] === word1 && words[2] === word2 && words[3] === word3
  return exact ? { words, masks } : undefined
}

/** The mask of one word of which `bits` belong to the prefix; below 0 and above 32 too. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}
