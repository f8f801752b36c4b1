import type { RequestHead } from '../http/client-stream.ts'

/**
 * Whether a browser asks for something that it would show as a page: only then a page is an answer. Browsers say so in
 * `Sec-Fetch-Mode` and `Sec-Fetch-Dest` (W3C Fetch Metadata), but not to hosts that they reach without TLS.
 */
export const isPageLoad = (head: RequestHead): boolean => {
  if (head.method !== 'GET') return false
  let mode: string | null = null
  let destination: string | null = null
  let accept = ''
  const { raw } = head
  for (let i = 0; i < raw.length; i += 2) {
    switch ((raw[i] as string).toLowerCase()) {
      case 'sec-fetch-mode':
        mode = raw[i + 1] as string
        break
      case 'sec-fetch-dest':
        destination = raw[i + 1] as string
        break
      case 'accept':
        accept += raw[i + 1]
        break
      case 'upgrade':
        return false
    }
  }
  if (mode === null && destination === null) return accept.includes('text/html')
  return (mode === null || mode === 'navigate') && (destination === null || shown.has(destination))
}

const shown = new Set(['document', 'iframe', 'frame'])
