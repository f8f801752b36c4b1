/** A stretch of text that all below have in common, and either what is kept there or where it forks. */
interface TreeNode<T> {
  text: string
  /** Where texts end here; all have the same length, so nothing is below. */
  value: T | undefined
  /** By their first characters, which differ; empty where there is a value. */
  forks: TreeNode<T>[]
}

/** Of nodes with a value: those never get any. */
const none: never[] = []

/**
 * Values by texts none of which begins with another one, with an answer to whether any begins in some way. Stretches
 * without a fork are one node, so there are at most twice as many as values; nothing costs more than the length of its text.
 */
export class PrefixTree<T> {
  readonly #root: TreeNode<T> = { text: '', value: undefined, forks: [] }
  #size = 0

  get size(): number {
    return this.#size
  }

  set(text: string, value: T): void {
    let node = this.#root
    for (let at = 0; ; ) {
      const index = forkAt(node, text, at)
      const fork = node.forks[index]
      if (fork === undefined) {
        node.forks = [...node.forks, { text: text.slice(at), value, forks: none }]
        this.#size++
        return
      }
      const common = commonLength(fork.text, text, at)
      if (common < fork.text.length) {
        const lower: TreeNode<T> = { text: fork.text.slice(common), value: fork.value, forks: fork.forks }
        const upper: TreeNode<T> = { text: fork.text.slice(0, common), value: undefined, forks: [lower] }
        node.forks[index] = upper
        node = upper
      } else if (fork.value !== undefined) {
        fork.value = value
        return
      } else node = fork
      at += common
    }
  }

  /** `text`: a whole one, as long as all others. */
  get(text: string): T | undefined {
    return this.#descend(text)?.value
  }

  /** Whether there is a text that begins so. */
  hasBelow(prefix: string): boolean {
    return this.#size > 0 && this.#descend(prefix) !== undefined
  }

  delete(text: string): void {
    let above: TreeNode<T> | undefined
    let aboveIndex = 0
    let node = this.#root
    for (let at = 0; ; ) {
      const index = forkAt(node, text, at)
      const fork = node.forks[index]
      if (fork === undefined || commonLength(fork.text, text, at) < fork.text.length) return
      at += fork.text.length
      if (fork.value === undefined) {
        above = node
        aboveIndex = index
        node = fork
        continue
      }
      node.forks.splice(index, 1)
      this.#size--
      const [only] = node.forks
      // What forks no more is one stretch again.
      if (above !== undefined && only !== undefined && node.forks.length === 1)
        above.forks[aboveIndex] = { text: node.text + only.text, value: only.value, forks: only.forks }
      return
    }
  }

  /** The node in which, or at the end of which, a text ends. */
  #descend(text: string): TreeNode<T> | undefined {
    let node = this.#root
    for (let at = 0; at < text.length; ) {
      const fork = node.forks[forkAt(node, text, at)]
      if (fork === undefined) return undefined
      const common = commonLength(fork.text, text, at)
      at += common
      if (common < fork.text.length && at < text.length) return undefined
      node = fork
    }
    return node
  }
}

function forkAt<T>(node: TreeNode<T>, text: string, at: number): number {
  const first = text.charCodeAt(at)
  for (let index = 0; index < node.forks.length; index++) if (node.forks[index]?.text.charCodeAt(0) === first) return index
  return -1
}

/** How many characters a stretch has in common with a text from `at`. */
function commonLength(stretch: string, text: string, at: number): number {
  const most = Math.min(stretch.length, text.length - at)
  let length = 0
  while (length < most && stretch.charCodeAt(length) === text.charCodeAt(at + length)) length++
  return length
}
