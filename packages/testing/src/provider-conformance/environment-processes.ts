import { readdir, readFile } from 'node:fs/promises'

/** Processes that were started for an environment, found from outside by what they were started with. Linux. */
export async function environmentProcesses(id: number, dataDir: string): Promise<readonly { pid: number; state: string }[]> {
  const found: { pid: number; state: string }[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
      if (!variables.includes(`STANDIN_ENVIRONMENT_ID=${id}`) || !variables.some((each) => each.startsWith(`STANDIN_DIR=${dataDir}`)))
        continue
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
      found.push({ pid: Number(pid), state: stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '?' })
    } catch {
      // It ended meanwhile.
    }
  }
  return found
}
