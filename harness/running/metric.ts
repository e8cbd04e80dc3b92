// Figures that a test measures, for the record of the run, its history and the gate.

import { UsageError } from '../errors.ts'
import { requireAttempt } from './context.ts'

/**
 * Records a figure of the running test: `metric('boot.ssh', 812, 'ms')`. The same name may be recorded often; each value
 * is kept. `unit` is empty for a bare number.
 *
 * @throws UsageError `metric-name` for a name that is not dotted lower case, `metric-value` for a value that is no number.
 */
export function metric(name: string, value: number, unit = ''): void {
  const { emit, ref } = requireAttempt('metric()')
  if (!/^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/.test(name) || name.length > 100)
    throw new UsageError(`"${name.slice(0, 100)}" cannot be the name of a metric`, {
      code: 'metric-name',
      hint: 'lower case, digits, - and _, with dots between: boot.ssh',
    })
  if (!Number.isFinite(value))
    throw new UsageError(`the metric ${name} is ${value}`, {
      code: 'metric-value',
      hint: 'record a finite number',
    })
  emit({ type: 'metric', attempt: ref, name, value, unit: unit.slice(0, 20) })
}
