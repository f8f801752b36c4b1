/**
 * What is written about an environment, before any writer gives it a form. Text is text, in plain lines: each writer escapes
 * what its format would take for something else.
 */
export interface Page {
  /** `1001`: what the page is known by, however it is called. */
  readonly key: string
  readonly title: string
  /** One line for the index: state, owner, template. */
  readonly summary: string
  /** Lower case, `[a-z0-9-]`: what pages can be found by. */
  readonly tags: readonly string[]
  readonly about: PageSubject
  readonly blocks: readonly Block[]
}

/** The environment in the few words that a catalog has fields for. */
interface PageSubject {
  readonly name: string
  readonly state: string
  readonly owner: string
  /** Label `project`. */
  readonly project: string | null
  /** `shop@7` */
  readonly template: string | null
  readonly links: readonly { readonly title: string; readonly url: string }[]
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: Text }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly Text[])[] }
  | { readonly kind: 'drawing'; readonly topology: Topology }

/** A line of text: parts in a row. */
export type Text = string | readonly Part[]
export type Part = string | { readonly code: string } | { readonly link: string; readonly text: string }

/** Who is reached by whom: an arrow goes from who asks to who answers. */
export interface Topology {
  readonly nodes: readonly TopologyNode[]
  readonly arrows: readonly TopologyArrow[]
}

export interface TopologyNode {
  readonly id: string
  readonly kind: 'gateway' | 'host'
  /** Lines of text in its box. */
  readonly lines: readonly string[]
}

export interface TopologyArrow {
  readonly from: string
  readonly to: string
  readonly label: string
}

export const parts = (text: Text): readonly Part[] => (typeof text === 'string' ? [text] : text)
