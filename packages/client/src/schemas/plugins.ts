import Type from 'typebox'
import { literals, Nullable, Page, pageQuery, Timestamp } from './common.ts'
import { Problem } from './server.ts'

/**
 * `invalid`: its configuration has faults. `starting` → `running`; `waiting`: it failed or hung and is begun anew after a
 * while; `stopping` → `stopped`.
 */
export const pluginStates = ['invalid', 'stopped', 'starting', 'running', 'waiting', 'stopping'] as const
export const PluginState = literals(pluginStates, 'Where in its life a plugin is')
export type PluginState = Type.Static<typeof PluginState>

/**
 * `running` ends as one of the others. `timed-out`: it took too long; `skipped`: it was missed and is not made up;
 * `interrupted`: control died in the middle of it, and it is not called again.
 */
export const runStates = ['running', 'succeeded', 'failed', 'timed-out', 'skipped', 'interrupted'] as const
export const RunState = literals(runStates, 'What became of a run')

/** One run of a plugin's schedule. */
export const PluginRun = Type.Object(
  {
    id: Type.Integer(),
    plugin: Type.String(),
    schedule: Type.String(),
    /** The time of the schedule that it is for; the first one of those that were missed. */
    dueAt: Timestamp,
    /** More than 1: control died in the middle of it, and it was called again. */
    attempt: Type.Integer(),
    state: RunState,
    startedAt: Timestamp,
    /** Null while it runs. */
    durationMs: Nullable(Type.Integer()),
    /** What it printed, 64 KiB at most. */
    output: Type.String(),
    error: Nullable(Type.String()),
  },
  { $id: 'PluginRun' },
)
export type PluginRun = Type.Static<typeof PluginRun>

/** Newest first. */
export const PluginRunPage = Page(PluginRun)

export const PluginSchedule = Type.Object({
  id: Type.String(),
  cron: Type.String(),
  timeZone: Type.String(),
  onMissed: literals(['once', 'skip']),
  /** Null: never again. */
  nextAt: Nullable(Timestamp),
  lastRun: Nullable(PluginRun),
})
export type PluginSchedule = Type.Static<typeof PluginSchedule>

export const Plugin = Type.Object(
  {
    id: Type.String(),
    /** As the configuration names it. */
    use: Type.String(),
    summary: Nullable(Type.String()),
    state: PluginState,
    /** Since when it is in this state; null: since control started. */
    since: Nullable(Timestamp),
    /** `failing`: the call that it is in does not succeed; `degraded`: it says so itself, or does too much of something. */
    health: literals(['ok', 'degraded', 'failing']),
    /** What is wrong, in words; null: nothing. */
    message: Nullable(Type.String()),
    /** How often it was begun anew since control started. */
    restarts: Type.Integer(),
    /** Sequence number of the last event that it has handled; null: it takes none. */
    cursor: Nullable(Type.Integer()),
    /** How many events it has yet to handle. */
    behind: Type.Integer(),
    schedules: Type.Array(PluginSchedule),
    /** What it keeps. */
    stored: Type.Object({ keys: Type.Integer(), bytes: Type.Integer() }),
    /** What went beyond its limits: log lines that were not written, milliseconds for which it had to wait with what it changes. */
    throttled: Type.Object({ logLines: Type.Integer(), waitedMs: Type.Integer() }),
  },
  { $id: 'Plugin' },
)
export type Plugin = Type.Static<typeof Plugin>

/** In the order in which they start. */
export const PluginList = Type.Object(
  {
    items: Type.Array(Plugin),
    /** The file that names them; null: there is none. */
    file: Nullable(Type.String()),
    /** Everything that is wrong with it. */
    faults: Type.Array(Problem.properties.errors.items),
  },
  { $id: 'PluginList' },
)
export type PluginList = Type.Static<typeof PluginList>

export const ListPluginRunsQuery = Type.Object(
  { ...pageQuery, schedule: Type.Optional(Type.String({ maxLength: 63, description: 'Only of this schedule' })) },
  { additionalProperties: false },
)
export type ListPluginRunsQuery = Type.Static<typeof ListPluginRunsQuery>

/**
 * What a plugin has to say of one environment: plain text, whatever it looks like. Longer texts and further rows are cut
 * off, characters that steer a terminal or the direction of writing are taken out.
 */
export const PluginSection = Type.Object({
  title: Type.String({ maxLength: 80 }),
  rows: Type.Array(
    Type.Object({
      name: Type.String({ maxLength: 80 }),
      value: Type.String({ maxLength: 500 }),
      /** `http:`, `https:`, or an absolute path of the API. */
      url: Type.Optional(Type.String({ maxLength: 1000 })),
    }),
    { maxItems: 50 },
  ),
})
export type PluginSection = Type.Static<typeof PluginSection>

/** In the order of the plugins; one that has nothing to say, or does not say it in time, is left out. */
export const SectionList = Type.Object(
  { items: Type.Array(Type.Object({ plugin: Type.String(), ...PluginSection.properties })) },
  { $id: 'SectionList' },
)
export type SectionList = Type.Static<typeof SectionList>
