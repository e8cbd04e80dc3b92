// The services of a run: started one after the other, as later ones may need earlier ones, and stopped in the other
// order, with all that they started.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startGuard } from './guard.ts'
import { startService, type ServiceSpec } from './service.ts'

export interface Services extends AsyncDisposable {
  /** Aborts with an InfraError when one of them ends before it is stopped. */
  readonly died: AbortSignal
}

export interface ServicesOptions {
  readonly specs: readonly ServiceSpec[]
  /** Absolute; a log for each is made in it. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly onNotice: (message: string) => void
}

/** Starts them all. Throws InfraError when one does not become ready; then none is left. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { specs, folder, signal, onNotice } = options
  const died = new AbortController()
  await using stack = new AsyncDisposableStack()
  if (specs.length > 0) {
    await mkdir(folder, { recursive: true })
    const guard = stack.use(startGuard())
    for (const spec of specs) {
      const context = {
        guard,
        logPath: join(folder, `${spec.name}.log`),
        signal: AbortSignal.any([signal, died.signal]),
        onNotice,
      }
      const service = stack.use(await startService(spec, context))
      void service.died.then((error) => died.abort(error))
    }
  }
  const owned = stack.move()
  return { died: died.signal, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}
