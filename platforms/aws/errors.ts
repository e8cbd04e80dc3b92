// What AWS says, in the words of the harness: whose fault it is and what to do. A quota, a throttled request and a lack of machines are the
// platform's fault for now; wrong credentials and missing rights are a matter of how it is used.

import { InfraError, messageOf, UsageError } from '../../harness/errors.ts'
import { oneLine } from '../../harness/hostile-text.ts'

interface Kind {
  readonly code: string
  readonly names: RegExp
  readonly hint: string
  readonly usage?: true
}

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
const kinds: readonly Kind[] = [
  {
    code: 'aws-throttled',
    names:
      /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|SlowDown|RequestThrottled|RequestThrottledException|PriorRequestNotComplete|EC2ThrottledException)$/,
    hint: 'the account makes too many requests: fewer jobs (-j), or --set requests-per-second=N',
  },
  {
    code: 'aws-quota',
    names:
      /(LimitExceeded|QuotaExceeded|MaxSpotInstanceCountExceeded|InstanceLimitExceeded|VcpuLimitExceeded)/,
    hint: 'ask for a higher quota, use another region, or run fewer jobs (-j); "signalbox gc --platform aws" removes what was left',
  },
  {
    code: 'aws-no-capacity',
    names:
      /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|InsufficientCapacity|Unsupported|SpotMaxPriceTooLow|InsufficientFreeAddressesInSubnet)$/,
    hint: 'another instance type, another region, or no spot machines',
  },
  {
    code: 'aws-credentials',
    names:
      /^(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|ExpiredToken|ExpiredTokenException|RequestExpired|CredentialsProviderError|InvalidAccessKeyId|TokenProviderError)$/,
    hint: 'the standard chain is used: environment, shared files (AWS_PROFILE), single sign-on, the instance; try: aws sts get-caller-identity',
    usage: true,
  },
  {
    code: 'aws-denied',
    names:
      /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|OptInRequired|Blocked|PendingVerification)$/,
    hint: 'docs/aws.md lists the rights that are needed',
    usage: true,
  },
]

/** The name that AWS gives an error, for those who expect one. */
export function awsName(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** Whether what was asked about is not there, or is gone already. */
export function isNotFound(error: unknown): boolean {
  return /NotFound|NoSuch|InvalidAMIID\.Unavailable|Gateway\.NotAttached/.test(awsName(error))
}

/** Whether something else still uses it, for a moment perhaps. */
export function isInUse(error: unknown): boolean {
  return /DependencyViolation|InUse|IncorrectState/.test(awsName(error))
}

/** The harness's error for one of AWS; ours come back as they are. `what` reads after "cannot". */
export function mapError(error: unknown, what: string): Error {
  if (error instanceof InfraError || error instanceof UsageError) return error
  const name = awsName(error)
  const message = `AWS cannot ${what}: ${name}: ${withoutIdentity(oneLine(messageOf(error)))}`
  const kind = kinds.find(({ names }) => names.test(name))
  if (kind === undefined)
    return new InfraError(message, {
      code: 'aws-failed',
      hint: 'see https://health.aws.amazon.com, and the message',
    })
  return kind.usage === true
    ? new UsageError(message, { code: kind.code, hint: kind.hint })
    : new InfraError(message, { code: kind.code, hint: kind.hint })
}

// Messages name keys, and hold encoded ones (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
function withoutIdentity(text: string): string {
  return text
    .replaceAll(/\b(?:AKIA|ASIA)[A-Z0-9]{8,}\b/g, '***')
    .replaceAll(/(X-Amz-[A-Za-z-]+=)[^&\s]+/g, '$1***')
    .replaceAll(/(Encoded authorization failure message: )\S+/g, '$1***')
}
