// The JSON Schema of a policy file. It is what a policy is checked by, and what editors read as policy.schema.json. Each
// `description` says what was expected, as it is printed when something else was found.

const texts = (description: string) =>
  ({ type: 'array', minItems: 1, items: { type: 'string', minLength: 1 }, description }) as const

const span = {
  type: 'string',
  pattern: String.raw`^\d{1,5} ?(d|h|min)$`,
  description: 'a span of time, like 14d, 36h or 30min',
} as const

const share = {
  type: 'string',
  pattern: String.raw`^\d{1,3}(\.\d{1,4})? ?%$`,
  description: 'a percentage, like 5%',
} as const

const name = { type: 'string', minLength: 1, maxLength: 200, description: 'a name' } as const

const blockOrAllow = { enum: ['block', 'allow'], description: 'block or allow' } as const

const selector = {
  tests: texts('a list of test names, prefixes or globs; !name leaves out'),
  tags: texts('a list of tags; !tag leaves out'),
  targets: texts('a list of target names or globs; !name leaves out'),
} as const

const limited = (description: string) => ({ type: 'number', description }) as const

/** Version 1 of the form. */
export const policySchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Signalbox gate policy',
  description: 'a policy: what a release channel asks of an image',
  type: 'object',
  additionalProperties: false,
  required: ['version', 'channel', 'rules'],
  properties: {
    version: { const: 1, description: '1, the version of this form' },
    channel: { ...name, description: 'the name of the channel that an image is promoted to' },
    description: { type: 'string', description: 'some text' },
    rules: {
      type: 'array',
      minItems: 1,
      description: 'a list of rules; the first that is about a cell (test x target) counts for it',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'require'],
        description: 'a rule with name and require',
        properties: {
          name,
          ...selector,
          require: {
            type: 'string',
            pattern: String.raw`^(first-attempt|any-attempt|nothing|[1-9]\d{0,3} of [1-9]\d{0,3})$`,
            description:
              'first-attempt, any-attempt, nothing, or how many of how many must pass, like 4 of 5',
          },
          skipped: blockOrAllow,
          knownFailures: blockOrAllow,
          redBefore: blockOrAllow,
          flakes: {
            type: 'object',
            additionalProperties: false,
            required: ['atMost'],
            description: 'a flake budget: atMost, confidence, history',
            properties: { atMost: share, confidence: share, history: span },
          },
        },
      },
    },
    infra: {
      type: 'object',
      additionalProperties: false,
      required: ['atMost'],
      description: 'the share of cells that the platform may have failed: atMost',
      properties: { atMost: share },
    },
    freshness: {
      type: 'object',
      additionalProperties: false,
      description: 'how old a result may be (atMost), and how far a clock may be ahead (clockSkew)',
      properties: { atMost: span, clockSkew: span },
    },
    metrics: {
      type: 'array',
      description: 'a list of limits for metrics',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'metric'],
        description: 'a limit with name, metric, and at least one of atMost, atLeast, atMostMore, atMostLess',
        anyOf: [
          { required: ['atMost'] },
          { required: ['atLeast'] },
          { required: ['atMostMore'] },
          { required: ['atMostLess'] },
        ],
        properties: {
          name,
          metric: { ...name, description: 'the name of a metric' },
          ...selector,
          atMost: limited('a number, in the unit of the metric'),
          atLeast: limited('a number, in the unit of the metric'),
          atMostMore: { ...share, description: 'a percentage over the promoted image, like 10%' },
          atMostLess: { ...share, description: 'a percentage under the promoted image, like 10%' },
        },
      },
    },
    soak: {
      type: 'object',
      additionalProperties: false,
      required: ['channel', 'atLeast'],
      description: 'how long (atLeast) the image must have been promoted in a lower channel',
      properties: {
        channel: { ...name, description: 'the name of the lower channel' },
        atLeast: span,
        canary: {
          type: 'object',
          additionalProperties: false,
          required: ['errorRateAtMost'],
          description: 'what the instances there may report: errorRateAtMost, instancesAtLeast',
          properties: {
            errorRateAtMost: share,
            instancesAtLeast: { type: 'integer', minimum: 1, description: 'a whole number of instances' },
          },
        },
      },
    },
    attestations: {
      type: 'array',
      description: 'a list of attestations that must be there',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'predicateType', 'signedBy'],
        description: 'an attestation with name, predicateType and signedBy',
        properties: {
          name,
          predicateType: { type: 'string', pattern: '^[a-z][a-z0-9+.-]*:', description: 'a URI' },
          of: { enum: ['image', 'runs'], description: 'image or runs' },
          signedBy: texts('a list of names from signers'),
        },
      },
    },
    approvals: {
      type: 'object',
      additionalProperties: false,
      required: ['atLeast', 'from'],
      description: 'how many people must approve: atLeast, from',
      properties: {
        atLeast: { type: 'integer', minimum: 1, description: 'a whole number of people' },
        from: texts('a list of names from signers'),
      },
    },
    waivers: {
      type: 'object',
      additionalProperties: false,
      required: ['from'],
      description: 'whose waivers count (from), and for how long (atMost)',
      properties: { from: texts('a list of names from signers'), atMost: span },
    },
    signers: {
      type: 'object',
      description: 'names, each with a public key: PEM text, or the path of a PEM file beside the policy',
      additionalProperties: {
        type: 'string',
        minLength: 1,
        description: 'PEM text, or the path of a PEM file',
      },
    },
  },
} as const
