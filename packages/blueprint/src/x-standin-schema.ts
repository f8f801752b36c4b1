import { namePattern, pathPrefixPattern } from '@standin/client'
import Type from 'typebox'
import { type PolicySettings, policySettings } from './policy-settings.ts'

const closed = { additionalProperties: false }
const Text = (description: string) => Type.String({ minLength: 1, description })
const HostName = (description: string) => Type.String({ pattern: namePattern, description })
const Duration = (description: string) => Type.String({ format: 'duration', description })

/** A string for `sh -c`, or a list of words that no shell touches. */
const Run = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String(), { minItems: 1 })], {
  description: 'A string for `sh -c`, or a list of words that no shell touches',
})
const Variables = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
  description: 'Variables for this step, over those of the host',
})

const stepProperties = {
  name: Type.Optional(Text('What the step does, for messages; default: its command')),
  host: HostName('The host in whose directory and environment it runs'),
  run: Run,
  environment: Type.Optional(Variables),
  timeout: Type.Optional(Duration('After this it has failed; default `5m`')),
}

export const XStep = Type.Object(stepProperties, closed)

export const XLaunchStep = Type.Object(
  {
    ...stepProperties,
    needs: Type.Optional(
      Type.Array(HostName('Name of a host'), {
        description: 'Hosts that are up before the step runs; default: none, it runs before anything starts',
      }),
    ),
  },
  closed,
)

const columnProperties = {
  required: Type.Optional(Type.Boolean({ description: 'The value must not be empty' })),
  unique: Type.Optional(Type.Boolean({ description: 'No two rows have the same value' })),
  pattern: Type.Optional(Text('A regular expression that the whole value must match, where there is one')),
}
const Column = Type.Object(columnProperties, closed)

export const XFixture = Type.Object(
  {
    name: Text('What the rows are'),
    csv: Type.Optional(Text('A CSV file of the blueprint; its first line names the columns')),
    command: Type.Optional(Run),
    host: Type.Optional(HostName('The host on which `command` prints CSV')),
    columns: Type.Optional(
      Type.Union(
        [
          Type.Record(Type.String(), Type.Union([Column, Type.Null()])),
          Type.Array(
            Type.Union([Type.String({ minLength: 1 }), Type.Object({ name: Text('Name of the column'), ...columnProperties }, closed)]),
          ),
        ],
        { description: 'Columns that must be there, as a mapping of names to rules or as a list; others are let through' },
      ),
    ),
    load: Type.Object(stepProperties, { ...closed, description: 'Gets the rows on its standard input, one JSON object a line' }),
  },
  closed,
)

export const XCheck = Type.Object(
  {
    name: Text('What is true where the check passes'),
    host: Type.Optional(HostName('The host on which `run` runs, or which `http` asks')),
    run: Type.Optional(Run),
    http: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Object(
            {
              url: Type.Optional(Text('`http://web:8080/health`, or a path on `host`')),
              port: Type.Optional(
                Type.Integer({ minimum: 1, maximum: 65_535, description: 'Default: that of `url`, or the first port of the host' }),
              ),
              path: Type.Optional(Text('Default: that of `url`')),
              status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599, description: 'Default: 200' })),
              contains: Type.Optional(Text('Text that has to be in the body')),
            },
            closed,
          ),
        ],
        { description: 'A request that has to be answered so; a string is its `url`' },
      ),
    ),
    timeout: Type.Optional(Duration('Default `30s`')),
  },
  closed,
)

const HostAndPort = (description: string) => Type.String({ pattern: `${namePattern.slice(0, -1)}(:[0-9]{1,5})?$`, description })

/** A service: `web:8080`, or that and more. */
export const XPublish = Type.Union([
  HostAndPort('`host:port`'),
  Type.Object(
    {
      to: HostAndPort('`host:port` that answers; `host` alone for its first port'),
      policy: Type.Optional(
        Type.Unsafe<PolicySettings>({ ...policySettings, description: 'How the gateway treats the service; nothing here has to be said' }),
      ),
      paths: Type.Optional(
        Type.Record(
          Type.String({ pattern: pathPrefixPattern }),
          Type.Union([
            HostAndPort('`host:port`'),
            Type.Object(
              {
                to: HostAndPort('`host:port` that answers'),
                policy: Type.Optional(
                  Type.Unsafe<PolicySettings>({
                    ...policySettings,
                    description: 'In place of the policy of the service, with the same keys',
                    sameAs: 'policy',
                  }),
                ),
              },
              closed,
            ),
          ]),
          { description: 'Paths that other hosts answer: `/api: api:8080` is `/api` and all below it. The longest that fits wins' },
        ),
      ),
    },
    closed,
  ),
])

export const XProbe = Type.Object(
  {
    'user-agent': Type.Optional(Text('The beginning of the header `User-Agent`: `kube-probe/`')),
    path: Type.Optional(Type.String({ pattern: '^/', description: 'The exact path: `/healthz`' })),
    network: Type.Optional(Text('Where it comes from: `10.0.0.0/8`')),
  },
  closed,
)

/** The `x-standin` block: all that a Compose file can't say. */
export const XStandin = Type.Object(
  {
    name: Type.Optional(
      Type.String({ pattern: namePattern, description: 'Name of the template; default: the Compose `name`, then the folder’s' }),
    ),
    publish: Type.Optional(
      Type.Record(Type.String({ pattern: namePattern }), XPublish, {
        description:
          'Service to `host:port`, or to a mapping. Each is published at `<service>-<configId>.<domain>`; the main one is `www`. Default: `www` is the only host that has a port',
      }),
    ),
    probes: Type.Optional(
      Type.Array(XProbe, {
        description: 'Requests that only look whether a clone is there: they wake nothing and are no activity. All that one says must hold',
      }),
    ),
    phases: Type.Optional(
      Type.Object(
        {
          provision: Type.Optional(Type.Array(XStep, { description: 'Nothing runs yet: make the hosts’ files' })),
          bootstrap: Type.Optional(Type.Array(XStep, { description: 'Everything runs, fixtures are loaded' })),
          configure: Type.Optional(Type.Array(XStep, { description: 'Drive the running application through its API' })),
        },
        { ...closed, description: 'Steps of a build, in their order' },
      ),
    ),
    fixtures: Type.Optional(Type.Array(XFixture, { description: 'Data that is checked and handed to a loader in `bootstrap`' })),
    checks: Type.Optional(Type.Array(XCheck, { description: 'Run after `configure`; one that fails fails the build' })),
    launch: Type.Optional(Type.Array(XLaunchStep, { description: 'Steps that run once in every clone before its services take traffic' })),
    suspendAfter: Type.Optional(
      Duration('A clone that nobody used this long may be suspended; nothing: as the platform has it; `never`: not by itself'),
    ),
    busy: Type.Optional(
      Type.String({
        pattern: `^(${namePattern.slice(1, -1)})?/[\\x21-\\x7e]{0,500}$`,
        description:
          'What of the application is asked before a clone is suspended: `/busy`, or `api/busy` for another service than `www`. It answers until when it is busy',
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { description: 'Labels of every clone' }),
    ),
  },
  closed,
)
export type XStandin = Type.Static<typeof XStandin>
export type XPublish = Type.Static<typeof XPublish>
export type XProbe = Type.Static<typeof XProbe>
export type XStep = Type.Static<typeof XStep>
export type XLaunchStep = Type.Static<typeof XLaunchStep>
export type XFixture = Type.Static<typeof XFixture>
export type XCheck = Type.Static<typeof XCheck>
