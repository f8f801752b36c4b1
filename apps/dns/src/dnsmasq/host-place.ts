/** Lines that one file may have for all of them to be told apart. */
const mostLines = 2 ** 24

/**
 * Which line of which hosts file a record is from, as one small number: there are half a million of them. Lines are counted from 1, files
 * from 0.
 */
export type HostPlace = number

export function hostPlace(file: number, line: number): HostPlace {
  return file * mostLines + Math.min(line, mostLines - 1)
}

/** `/etc/hosts:7`. */
export function hostPlaceText(files: readonly string[], place: HostPlace): string {
  return `${files[Math.floor(place / mostLines)]}:${place % mostLines}`
}
