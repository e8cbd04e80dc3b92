// The platform `aws`: machines of EC2, with everything they need made for a run and gone with it.

import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { messageOf } from '../../harness/errors.ts'
import type { Platform } from '../../harness/machine.ts'
import { awsCapabilities } from './capabilities.ts'
import { openAws } from './clients.ts'
import { openLeases } from './leases.ts'
import { NO_TPM, openSession } from './session.ts'
import { awsSettings, readAws } from './settings.ts'

/** Long enough for single sign-on; asking the metadata of an instance that is none takes about a second. */
const CREDENTIALS_MS = 10_000

export const awsPlatform: Platform = {
  name: 'aws',
  title: 'EC2 machines, on demand or spot, in a network of their own',
  architectures: ['x86_64', 'arm64'],
  firmwares: ['uefi', 'bios'],
  capabilities: awsCapabilities,
  images: 'own',
  settings: awsSettings,
  async missing(context, outer) {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(CREDENTIALS_MS)])
    try {
      using aws = await openAws(readAws(context))
      await aws.call(
        'say who is calling',
        async (options) => await aws.sts.send(new GetCallerIdentityCommand({}), options),
        signal,
      )
      return []
    } catch (error) {
      outer.throwIfAborted()
      if (signal.aborted)
        return ['AWS did not answer: is there a way to the internet, or to AWS_ENDPOINT_URL?']
      const hint =
        error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? `; ${error.hint}` : ''
      return [`${messageOf(error)}${hint}`]
    }
  },
  lacks: ({ tpm }) => (tpm ? [NO_TPM] : []),
  open: openSession,
  leases: openLeases,
}
