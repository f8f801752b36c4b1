/** What is known of a connection from this machine, where a test does not care. */
export const localConnection = { address: '127.0.0.1', clientPort: 50_000, peer: '127.0.0.1', localAddress: '127.0.0.1' }
