export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof comparisons)[number]
export type ComparedValue = string | number | boolean | null

/** A filter as it was written (RFC 7644, section 3.4.2.2, figure 1). Paths are not looked up yet. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'present'; readonly path: string }
  | { readonly kind: 'compare'; readonly path: string; readonly op: Comparison; readonly value: ComparedValue }
  /** `emails[type eq "work"]`: one of the values meets all of it. */
  | { readonly kind: 'values'; readonly path: string; readonly filter: Filter }

/** What a PATCH is about (RFC 7644, section 3.5.2, figure 7): `emails[type eq "work"].value`. */
export interface PatchPath {
  readonly path: string
  readonly filter: Filter | null
  /** What is meant of the values that the filter chooses. */
  readonly sub: string | null
}
