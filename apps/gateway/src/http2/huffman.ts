/**
 * The code of HPACK (RFC 7541, appendix B). It is canonical: the lengths, in bits, of the codes of all bytes from 0 on
 * say all of it. Each is a digit to the base 36.
 */
const lengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq'

/** Steps of four bits through the tree of codes, which has 256 inner nodes: no code is shorter than five bits. */
const steps = new Int32Array(256 * 16)
/** Whether a text may end at a node: behind less than a byte of ones (RFC 7541, section 5.2). */
const mayEnd = new Uint8Array(256)
const emits = 1 << 16
const fails = 1 << 17

const root = 0
build()

/** By node and bit: an inner node, or 256 and more for a byte, or -1 for the end-of-string symbol, which may not occur. */
function build(): void {
  const children = new Int16Array(512).fill(-1)
  let nodes = 1
  const symbols = Array.from(lengths, (digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }))
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol)
  let code = 0
  let before = 0
  for (const { symbol, length } of symbols) {
    code <<= length - before
    before = length
    let node = root
    for (let bit = length - 1; bit > 0; bit--) {
      const at = node * 2 + ((code >>> bit) & 1)
      if (children[at] === -1) children[at] = nodes++
      node = children[at] as number
    }
    children[node * 2 + (code & 1)] = 256 + symbol
    code++
  }
  for (let node = 0; node < 256; node++) {
    for (let nibble = 0; nibble < 16; nibble++) steps[node * 16 + nibble] = stepFrom(children, node, nibble)
  }
  for (let node = root, depth = 0; depth < 8; depth++) {
    mayEnd[node] = 1
    node = children[node * 2 + 1] as number
  }
}

function stepFrom(children: Int16Array, from: number, nibble: number): number {
  let node = from
  let step = 0
  for (let bit = 3; bit >= 0; bit--) {
    node = children[node * 2 + ((nibble >>> bit) & 1)] as number
    if (node === -1) return fails
    if (node >= 256) {
      step = emits | ((node - 256) << 8)
      node = root
    }
  }
  return step | node
}

let scratch = Buffer.allocUnsafeSlow(4 * 1024)

/** The text of a string literal, latin1; null: it is malformed (RFC 7541, section 5.2). */
export const decodeHuffman = (bytes: Buffer, start: number, end: number): string | null => {
  const atMost = ((end - start) * 8) / 5
  if (atMost > scratch.length) scratch = Buffer.allocUnsafeSlow(Math.ceil(atMost))
  let node = root
  let length = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    let step = steps[node * 16 + (byte >>> 4)] as number
    if (step >= emits) {
      if (step >= fails) return null
      scratch[length++] = (step >>> 8) & 0xff
    }
    step = steps[(step & 0xff) * 16 + (byte & 0xf)] as number
    if (step >= emits) {
      if (step >= fails) return null
      scratch[length++] = (step >>> 8) & 0xff
    }
    node = step & 0xff
  }
  return mayEnd[node] === 1 ? scratch.toString('latin1', 0, length) : null
}
