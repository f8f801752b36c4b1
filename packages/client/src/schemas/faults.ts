import Type from 'typebox'
import { ConfigId, Name, Page, Timestamp } from './common.ts'
import { InjectedFault } from './policy.ts'

/** A fault that is in force, and where. */
export const ServiceFault = Type.Object(
  {
    ...InjectedFault.properties,
    environment: ConfigId,
    service: Name,
    /** Who injected it. */
    actor: Type.String(),
    createdAt: Timestamp,
  },
  { $id: 'ServiceFault' },
)
export type ServiceFault = Type.Static<typeof ServiceFault>

/** Oldest first. */
export const FaultPage = Page(ServiceFault)

/** `delay` needs `delayMs`, `abort` `status`, `throttle` `bytesPerSecond`, `reset` none of them. */
export const CreateFault = Type.Object(
  {
    service: Name,
    kind: InjectedFault.properties.kind,
    delayMs: InjectedFault.properties.delayMs,
    status: InjectedFault.properties.status,
    bytesPerSecond: InjectedFault.properties.bytesPerSecond,
    /** Share of the requests; default: all of them. */
    percent: Type.Optional(InjectedFault.properties.percent),
    header: InjectedFault.properties.header,
    path: InjectedFault.properties.path,
    /** Milliseconds after which it ends by itself, at most seven days. */
    forMs: Type.Integer({ minimum: 1, maximum: 604_800_000 }),
  },
  { additionalProperties: false },
)
export type CreateFault = Type.Static<typeof CreateFault>
