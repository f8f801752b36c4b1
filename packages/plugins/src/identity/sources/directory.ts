/** Somebody as a source knows them. */
export interface Person {
  /** What the source knows them by for ever, whatever their name becomes. */
  readonly id: string
  readonly userName: string
  readonly displayName: string
  readonly email: string | null
  readonly active: boolean
  /** Id of a person; null: nobody; undefined: the source does not say, or names somebody whom it does not show. */
  readonly manager: string | null | undefined
  /** How people find them there: a DN, a login. */
  readonly where: string
}

export interface DirectoryGroup {
  readonly id: string
  readonly displayName: string
  /** Ids of people. Members that are no people of this source, groups among them, are left out. */
  readonly members: ReadonlySet<string>
  readonly where: string
}

/** Somebody, or a group, that is there and can't be used as they are: they stay what they were. */
export interface Unusable {
  readonly id: string
  readonly message: string
}

/** Everything that a source has, of one reading that came to its end. */
export interface Directory {
  readonly people: readonly Person[]
  /** Null: the source is not asked for groups. */
  readonly groups: readonly DirectoryGroup[] | null
  readonly unusable: readonly Unusable[]
}

/** A company directory that is asked. */
export interface Source {
  readonly id: string
  /**
   * All of it or nothing: whoever is not in what it returns is not in the directory.
   * @throws SourceFailure
   */
  read(signal: AbortSignal): Promise<Directory>
}

/** A source could not be read to its end. The message says of which source, why, and what to do. */
export class SourceFailure extends Error {}
