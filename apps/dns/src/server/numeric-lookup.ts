/** What sockets look addresses up with. Ours are numeric: there is nothing to look up, and no turn of the event loop to wait for it. */
export function numericLookup(
  address: string,
  family: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, family === 6 ? 6 : 4)
}
