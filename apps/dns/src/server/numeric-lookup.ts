/**
 * What dgram sockets look addresses up with. Ours are numeric: there is nothing to look up, and a turn of the event loop for
 * each datagram sent is a sixth of the throughput.
 */
export function numericLookup(
  address: string,
  family: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, family === 6 ? 6 : 4)
}
