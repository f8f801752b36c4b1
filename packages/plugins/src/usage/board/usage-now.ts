import Type, { type Static } from 'typebox'

const Timestamp = Type.String({ description: 'ISO 8601 instant in UTC' })
const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** What somebody uses together: a project (the label `project`, empty where there is none) or an owner. */
const Share = Type.Object({
  name: Type.String({ description: 'Empty: environments without a project' }),
  environments: Type.Integer({ description: 'That run' }),
  svms: Type.Number(),
  storageBytes: Type.Integer({ description: 'Of environments, whatever their state' }),
  month: Nullable(Type.Number({ description: 'Money since the first of the month; null: there are no rates' })),
})

/** `GET /v1/plugins/usage/now`: what the board shows. Lists are short; `more` tells what they leave out. */
export const UsageNow = Type.Object(
  {
    at: Timestamp,
    /** Where days and months begin, and times are shown. */
    timeZone: Type.String({ description: 'IANA name' }),
    staleSince: Nullable(Type.String({ description: 'Since when the plugin can not bring this up to date' })),
    environments: Type.Object({
      running: Type.Integer(),
      changing: Type.Integer({ description: 'On their way from one state to another' }),
      suspended: Type.Integer(),
      stopped: Type.Integer(),
      failed: Type.Integer(),
    }),
    svms: Type.Number({ description: 'That run: the greater of CPUs and GB of RAM, rounded up, of every running instance' }),
    storage: Type.Object({ environmentsBytes: Type.Integer(), templatesBytes: Type.Integer() }),
    money: Nullable(
      Type.Object({
        currency: Type.String({ description: 'ISO 4217' }),
        today: Type.Number(),
        month: Type.Number(),
        upTo: Type.String({ description: 'Counted until this minute' }),
      }),
    ),
    projects: Type.Array(Share, { description: 'Who uses most, first' }),
    owners: Type.Array(Share),
    quotas: Type.Array(
      Type.Object({
        who: Type.String({ description: '`project shop`, `owner alice`' }),
        what: Type.String({ description: '`environments`, `running SVMs`, `storage`, `money per month`' }),
        used: Type.Number(),
        limit: Type.Number(),
        ratio: Type.Number(),
      }),
      { description: 'Of which 80 % are used, fullest first' },
    ),
    failed: Type.Array(
      Type.Object({
        environment: Nullable(Type.Integer()),
        name: Type.String(),
        owner: Type.String(),
        message: Type.String(),
        since: Timestamp,
      }),
      { description: 'Newest first' },
    ),
    next: Nullable(
      Type.Array(
        Type.Object({
          environment: Type.Integer(),
          name: Type.String(),
          owner: Type.String(),
          action: Type.String({ description: '`suspend` or `delete`' }),
          at: Timestamp,
          rule: Type.String(),
        }),
        { description: 'What the plugin suspend does next, soonest first; null: it does not answer, or only tries' },
      ),
    ),
    more: Type.Object({ projects: Type.Integer(), owners: Type.Integer(), quotas: Type.Integer(), failed: Type.Integer() }),
  },
  { $id: 'UsageNow' },
)
export type UsageNow = Static<typeof UsageNow>
