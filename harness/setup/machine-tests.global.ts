// Runs once before the tests that boot machines: the reference image is in the cache, or is built, with a line for each
// step, so that no test spends its own time on it.

import { buildReferenceImage } from '../../qemu/image/index.ts'
import { formatSeconds } from '../deadline.ts'

/** Called by vitest (`globalSetup` of the project `machine`). */
export default async function prepareMachineTests(): Promise<void> {
  const started = performance.now()
  let shown = ''
  const { folder } = await buildReferenceImage({
    onProgress({ step, index, count }) {
      if (step === shown) return
      if (shown === '')
        process.stdout.write('The machine tests need the reference image; the cache has none. Building it:\n')
      shown = step
      process.stdout.write(
        `  ${index}/${count} ${step} (after ${formatSeconds(performance.now() - started)})\n`,
      )
    },
  })
  process.stdout.write(`Reference image: ${folder}\n`)
}
