/** What to say where a token goes over the network for everybody on the way to read; null: it does not. */
export function clearTextWarning(url: string): string | null {
  const { protocol, hostname, origin } = new URL(url)
  if (protocol !== 'http:' || isLoopback(hostname)) return null
  return `the token goes to ${origin} in clear text, for everybody on the way to read: use https, or a tunnel`
}

/** `localhost` and what is below it (RFC 6761, section 6.3), 127.0.0.0/8, ::1. */
function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost\.?$/.test(hostname) || /^127(\.\d+){3}$/.test(hostname) || hostname === '[::1]'
}
