import type fc from 'fast-check'

/** `STANDIN_FUZZ_RUNS=100000` looks longer, `STANDIN_SEED=7` looks again at what a failure has printed. */
export const fuzzRuns = (usual: number): fc.Parameters<unknown> & { seed: number } => {
  const { STANDIN_FUZZ_RUNS: runs, STANDIN_SEED: seed } = process.env
  return { numRuns: runs === undefined ? usual : Number(runs), seed: seed === undefined ? Date.now() % 1_000_000_000 : Number(seed) }
}
