// `signalbox schema <name>`: the JSON Schemas of what programs read.

import { policySchema } from '../../../reports/gate/policy-schema.ts'
import { runSchema } from '../../../reports/index.ts'
import { UsageError } from '../../errors.ts'
import { didYouMean } from '../../nearest.ts'

const schemas: Readonly<Record<string, object>> = { run: runSchema, policy: policySchema }

/** The action of `schema <name>`. */
export async function schema(_: unknown, [word]: readonly unknown[]): Promise<number> {
  const name = String(word)
  const found = Object.hasOwn(schemas, name) ? schemas[name] : undefined
  if (found === undefined)
    throw new UsageError(`there is no schema "${name}"`, {
      code: 'unknown-schema',
      hint: didYouMean(name, Object.keys(schemas)),
    })
  process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
  return await Promise.resolve(0)
}
