// in-toto statements, version 1 (github.com/in-toto/attestation, spec/v1): what all that is signed here looks like inside.

/** Of the payload of an envelope. */
export const STATEMENT_MEDIA_TYPE = 'application/vnd.in-toto+json'

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'

export interface Subject {
  readonly name?: string
  /** By algorithm, hexadecimal. */
  readonly digest: Readonly<Record<string, string>>
}

/** A reference to something by its digest (spec/v1/resource_descriptor.md). */
export interface ResourceDescriptor {
  readonly name?: string
  readonly uri?: string
  readonly digest?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, unknown>>
}

export interface Statement {
  readonly _type: typeof STATEMENT_TYPE
  readonly subject: readonly Subject[]
  readonly predicateType: string
  readonly predicate: Readonly<Record<string, unknown>>
}

/** Makes one. */
export function makeStatement(
  subject: readonly Subject[],
  predicateType: string,
  predicate: Readonly<Record<string, unknown>>,
): Statement {
  return { _type: STATEMENT_TYPE, subject, predicateType, predicate }
}

/** Reads one. Throws for anything else. */
export function parseStatement(text: string): Statement {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value) || value['_type'] !== STATEMENT_TYPE) throw new Error(`it is no ${STATEMENT_TYPE}`)
  const { subject, predicateType, predicate = {} } = value
  if (!Array.isArray(subject) || !subject.every(isSubject)) throw new Error('its subjects have no digests')
  if (typeof predicateType !== 'string' || !isRecord(predicate)) throw new Error('it has no predicate')
  return makeStatement(subject, predicateType, predicate)
}

/** The hexadecimal sha256 digests of its subjects. */
export function subjectDigests({ subject }: Statement): readonly string[] {
  return subject.flatMap(({ digest }) => digest['sha256'] ?? [])
}

/** `sha256:abc` as a digest set. */
export function digestSet(digest: string): Readonly<Record<string, string>> {
  return { sha256: digest.replace(/^sha256:/, '') }
}

function isSubject(value: unknown): value is Subject {
  return (
    isRecord(value) &&
    isRecord(value['digest']) &&
    Object.values(value['digest']).every((digest) => typeof digest === 'string')
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
