/**
 * What people and the plugin `suspend` say to each other about an environment: labels, so that a plugin that runs elsewhere
 * sees them, and everybody else as well.
 */
export const suspendLabels = {
  /** Any value: no rule touches it. The value says why. */
  pin: 'suspend.pin',
  /** An instant: no rule touches it before. */
  awakeUntil: 'suspend.awake-until',
  /** A date or an instant at which it is to be deleted, as somebody wishes. */
  deleteAt: 'suspend.delete-at',
  /** An instant, written by the plugin: this is when it will be deleted. */
  deletesAt: 'suspend.deletes-at',
  /** Names or configIds, with spaces or commas between them: while this one is awake, those are. Control wakes them with it, and before it. */
  needs: 'suspend.needs',
  /** `/busy`, or `api/busy` for another service than www: asked before it is suspended. Empty: nobody is. `busy` of a blueprint gives it to clones. */
  busyPath: 'suspend.busy-path',
  /** An instant, written by the plugin: the night up to which days were counted down. */
  counted: 'suspend.counted',
} as const
