import { open, rename, rm } from 'node:fs/promises'

/** A file is there whole or as it was before. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const next = `${path}.new`
  try {
    {
      await using handle = await open(next, 'w')
      await handle.writeFile(content)
      await handle.sync()
    }
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
}
