import { readFile } from 'node:fs/promises'
import { FollowedFiles } from '@standin/serving/followed-files'

const settleMs = 60

/** A file's text, and every other text that it comes to have. */
export class WatchedFile {
  readonly #path: string
  readonly #onChange: (text: string) => void
  readonly #onError: (error: Error) => void
  readonly #file: FollowedFiles
  #text: string | undefined
  #failed = ''
  #isClosed = false

  /** @param onError told once when the file can't be read any more; it is looked for on and on */
  constructor(path: string, onChange: (text: string) => void, onError: (error: Error) => void) {
    this.#path = path
    this.#onChange = onChange
    this.#onError = onError
    this.#file = new FollowedFiles([path], () => void this.#read(), { settleMs })
  }

  /** Its text as it is now, and from now on every other one to `onChange`. Rejects where it can't be read. */
  async open(): Promise<string> {
    this.#file.start()
    this.#text = await readFile(this.#path, 'utf8')
    return this.#text
  }

  close(): void {
    this.#isClosed = true
    this.#file.close()
  }

  async #read(): Promise<void> {
    try {
      const text = await readFile(this.#path, 'utf8')
      if (this.#isClosed) return
      this.#failed = ''
      if (text === this.#text) return
      this.#text = text
      this.#onChange(text)
    } catch (error) {
      this.#file.again()
      const { message } = error as Error
      if (this.#isClosed || this.#failed === message) return
      this.#failed = message
      this.#onError(error as Error)
    }
  }
}
