/** Something that the schema of the configuration can't see. */
export interface ConfigFault {
  /** JSON pointer below the source. */
  readonly path: string
  readonly message: string
}
