// What `docker run` can be asked for, ten at once, and who owns the files of a container.

import { describe, test } from '../../harness/index.ts'
import { expectFlags, expectOwnership } from './base.ts'
import { baseRequirements, prepareDocker } from './prepared.ts'

describe('docker', baseRequirements, () => {
  test(
    'flags',
    {
      description:
        'Containers with every limit and option that docker takes start, ten at once, and have what was asked for.',
      aliases: ['docker.base'],
      timeoutMs: 180_000,
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await expectFlags(machine)
    },
  )

  test(
    'ownership',
    {
      description:
        'Who owns a file of a container is the same inside, in what docker exports of it, and in the images made of it.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await expectOwnership(machine)
    },
  )
})
