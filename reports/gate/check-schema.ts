// A policy against its schema: what is wrong, in the words of the schema's own descriptions, with the nearest known key for
// one that is unknown.

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { didYouMean } from '../../harness/nearest.ts'
import type { Path, PolicyDocument } from './policy-document.ts'
import { policySchema } from './policy-schema.ts'
import type { PolicyProblem } from './problem.ts'

let compiled: ValidateFunction | undefined

/** What is wrong, in the order of the file; at one place only the first. */
export function checkSchema(document: PolicyDocument): readonly PolicyProblem[] {
  compiled ??= new Ajv2020({ allErrors: true, verbose: true, strict: true, strictRequired: false }).compile(
    policySchema,
  )
  const check = compiled
  if (check(document.value)) return []
  const problems = (check.errors ?? [])
    // Said by the one of `anyOf`.
    .filter(({ schemaPath }) => !/\/anyOf\/\d/.test(schemaPath))
    .map((error) => problemOf(error, document))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
  return problems.filter(
    ({ line, column }, index) =>
      problems.findIndex((other) => other.line === line && other.column === column) === index,
  )
}

function problemOf(error: ErrorObject, document: PolicyDocument): PolicyProblem {
  const path = pathOf(error.instancePath, document.value)
  const schema = error.parentSchema as {
    readonly description?: string
    readonly properties?: object
  }
  if (error.keyword === 'additionalProperties') {
    const key = (error.params as { readonly additionalProperty: string }).additionalProperty
    return {
      code: 'unknown-key',
      ...document.keyPlaceOf([...path, key]),
      message: `unknown key "${key}"`,
      hint: didYouMean(key, Object.keys(schema.properties ?? {})),
    }
  }
  const where = path.length === 0 ? '' : `${nameOf(path)}: `
  if (error.keyword === 'required') {
    const key = (error.params as { readonly missingProperty: string }).missingProperty
    return {
      code: 'missing-key',
      ...document.placeOf(path),
      message: `${where}"${key}" is missing; expected ${schema.description ?? 'it'}`,
    }
  }
  return {
    code: 'wrong-value',
    ...document.placeOf(path),
    message: `${where}expected ${schema.description ?? error.message ?? 'something else'}`,
  }
}

/** `rules[2].require`. */
function nameOf(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

function pathOf(pointer: string, value: unknown): Path {
  const path: (string | number)[] = []
  let here = value
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const key = Array.isArray(here) ? Number(name) : name
    path.push(key)
    here = (here as Readonly<Record<string | number, unknown>>)[key]
  }
  return path
}
