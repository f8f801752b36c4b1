/** What a trusted peer says about where a request came from. We add ourselves to it. */
export class Origin {
  /** `X-Forwarded-For`; empty: it does not say. */
  for = ''
  host = ''
  proto = ''
  port = ''
  /** RFC 7239 */
  forwarded = ''

  /** Returns whether it is one that we speak of ourselves; others, such as `X-Forwarded-Prefix` and `X-Real-IP`, go on as they are. */
  take(name: string, value: string): boolean {
    switch (name.toLowerCase()) {
      case 'x-forwarded-for':
        this.for = listed(this.for, value)
        return true
      case 'forwarded':
        this.forwarded = listed(this.forwarded, value)
        return true
      case 'x-forwarded-host':
        this.host = value
        return true
      case 'x-forwarded-proto':
        this.proto = value
        return true
      case 'x-forwarded-port':
        this.port = value
        return true
      default:
        return false
    }
  }
}

const listed = (before: string, value: string): string => (before === '' ? value : value === '' ? before : `${before}, ${value}`)
