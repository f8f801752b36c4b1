/** How a UDP socket is opened. */
export interface UdpOptions {
  /** Numeric. */
  readonly address: string
  /** 0: any. */
  readonly port: number
  /** Several processes may take the same port; the system deals the queries out among them. */
  readonly reusePort: boolean
  readonly onError: (cause: Error) => void
}

/** A bound UDP socket whose queries are answered. */
export interface UdpSocket {
  readonly port: number
  close(): Promise<void>
}

/** Octets that the system may hold for us while we are busy: some thousand queries. */
export const receiveBuffer = 1 << 20
/** Octets; a longer datagram is no query that anybody has a use for, and is dropped unread. */
export const longestQuery = 4096
