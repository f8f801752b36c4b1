/** What names and e-mail addresses are compared by, as control compares them (RFC 8265, section 3.3.1). */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFC')
}
