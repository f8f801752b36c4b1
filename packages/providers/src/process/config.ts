import Type from 'typebox'

export const ProcessConfig = Type.Object(
  {
    isolation: Type.Optional(
      Type.Enum(['auto', 'none'], {
        default: 'auto',
        description: '`auto` uses namespaces and overlay mounts where this machine permits them, `none` does without',
      }),
    ),
    startTimeoutMs: Type.Optional(
      Type.Integer({
        minimum: 100,
        default: 60_000,
        description: 'How long an instance may take to come up where its health check does not say',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ProcessConfig = Type.Static<typeof ProcessConfig>
