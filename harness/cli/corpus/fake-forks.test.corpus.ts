// A corpus for the CLI's own tests: forks of fake machines, and everything that can go wrong with them.

import { describe, expect, test, type Cluster, type Machine } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

const origin = async (machine: Machine): Promise<string> => await machine.run('fake origin')

/** Finds nothing that another test has left, and leaves something itself. */
async function leaveMark(machine: Machine): Promise<void> {
  expect((await machine.exec('cat /etc/mark')).exitCode).toBe(1)
  await machine.run('fake write /etc/mark me')
}

describe('exclusive', () => {
  for (const name of ['a', 'b', 'c']) {
    test(name, async ({ machine }) => {
      expect(await origin(machine)).toBe('fork')
      await leaveMark(machine)
    })
  }
})

describe('shared', { exclusive: false }, () => {
  for (const name of ['a', 'b', 'c']) {
    const contents = { source: `data:,${name}` }
    const ignition = {
      ignition: { version: '3.0.0' },
      storage: { files: [{ path: `/etc/${name}`, mode: 420, contents }] },
    }
    test(name, { ignition }, async ({ machine }) => {
      expect(await origin(machine)).toBe('fork')
      expect(await machine.run(`cat /etc/${name}`)).toBe(name)
      await leaveMark(machine)
    })
  }
})

test('identity', { machines: 3 }, async ({ cluster }) => {
  const ids = await Promise.all(
    cluster.machines.map(async (machine) => await machine.run('cat /etc/machine-id')),
  )
  expect(new Set(ids).size).toBe(3)
  const [first] = cluster.machines
  await first?.reboot()
  expect(await first?.run('cat /etc/machine-id')).toBe(ids[0])
})

const prepared = test.extend('prepared', {}, async ({ machine }) => {
  await machine.run('fake write /etc/prepared done')
})
for (const name of ['a', 'b']) {
  prepared(`prepared.${name}`, async ({ machine }) => {
    expect(await origin(machine)).toBe('fork')
    expect(await machine.run('cat /etc/prepared')).toBe('done')
    await leaveMark(machine)
  })
}

test('either', async ({ machine }) => {
  await machine.run('true')
})

test('first-boot', { firstBoot: true }, async ({ machine }) => {
  expect(await origin(machine)).toBe('cold')
})

/** Two tests of one template: their forks cannot be had, so that one passes on a boot, and the other fails on one. */
function booted(name: string, behaviour: Readonly<Record<string, unknown>>): void {
  describe(name, { ignition: fakeMachine(behaviour) }, () => {
    test('passes', async ({ machine }) => {
      expect(await origin(machine)).toBe('cold')
    })
    test('fails', async ({ machine }) => {
      expect(await origin(machine)).toBe('nothing of the kind')
    })
  })
}
booted('restless', { settle: 'never' })
booted('somebody', { settle: 'shares' })
booted('silent', { settle: 'silent' })
booted('not-saved', { save: 'fails' })
booted('not-forked', { fork: 'fails' })
booted('not-renewed', { fork: 'not-renewed' })
booted('damaged', { template: 'damaged' })

// Its fork fails, its first boot is lost, its second one is not.
test('unlucky', { ignition: fakeMachine({ fork: 'fails' }) }, async ({ machine }) => {
  if (test.info().attempt.n > 2) return
  await machine.run('fake die')
  await machine.run('sleep 600')
})

/** Two machines, of which one does not settle: both are used as they are. */
test('restless-cluster', { machines: 2, ignition: fakeMachine({ settle: 'never' }) }, async ({ cluster }) => {
  const origins = await Promise.all(cluster.machines.map(origin))
  expect(origins).toEqual(['cold', 'cold'])
})

/** Clusters, whose members are forked from one machine where they can be. */
const three = { machines: 3, privateNetwork: true } as const
const originsOf = async ({ machines }: Cluster): Promise<readonly string[]> => {
  for (const { name } of machines.slice(1))
    expect((await machines[0]?.exec(`fake ping ${name}`))?.exitCode).toBe(0)
  return await Promise.all(machines.map(origin))
}
describe('one-template', { memoryMiB: 256 }, () => {
  test('machine', async ({ machine }) => {
    expect((await machine.exec('cat /fake/network')).exitCode).toBe(1)
    expect(await origin(machine)).toBe('fork')
  })
  test('cluster', three, async ({ cluster }) => {
    expect(await originsOf(cluster)).toEqual(['fork', 'fork', 'fork'])
    const [, second] = cluster.machines
    expect(await second?.run('cat /fake/network')).toBe(second?.privateAddress?.ipv4)
  })
})
describe('cluster-of-somebodies', { ...three, ignition: fakeMachine({ settle: 'shares' }) }, () => {
  // Two jobs that ask for the same template of one machine.
  for (const machines of [2, 3])
    test(`of-${machines}`, { machines }, async ({ cluster }) => {
      expect(new Set(await originsOf(cluster)).size).toBe(1)
    })
})
for (const [name, behaviour] of [
  ['lost-alone', { boot: 'silent', only: ['template'] }],
  ['not-forked', { fork: 'fails' }],
  ['restless', { settle: 'never' }],
] as const) {
  const ignition = fakeMachine(behaviour)
  test(`cluster-${name}`, { ...three, ignition }, async ({ cluster }) => {
    expect(await originsOf(cluster)).toEqual(['cold', 'cold', 'cold'])
  })
}

describe('damaged-later', () => {
  test('passes', async ({ machine }) => {
    await machine.run('fake damage-template')
  })
  // What it says of a damaged clone is worth nothing.
  test('fails-on-the-fork', async ({ machine }) => {
    await machine.run('fake damage-template')
    expect(await origin(machine)).toBe('cold')
  })
})

describe('audited', () => {
  test('passes', async ({ machine }) => {
    await machine.run('true')
  })
  test('fails', async ({ machine }) => {
    await machine.run('false')
  })
  test('passes-on-forks', async ({ machine }) => {
    expect(await origin(machine)).toBe('fork')
  })
  test('lost-when-booted', async ({ machine }) => {
    if ((await origin(machine)) === 'fork') return
    await machine.run('fake die')
    await machine.run('sleep 600')
  })
  test('fails-on-forks', async ({ machine }) => {
    expect(await origin(machine)).toBe('cold')
  })
})

test('short-of-memory', { ignition: fakeMachine({ fork: 'no-memory' }) }, async ({ machine }) => {
  expect(await origin(machine)).toBe('fork')
})

// Tests of the first boot, on machines that begin in its initrd where they may.
describe('initrd', { firstBoot: true, ignition: fakeMachine({ initrd: 'ok' }) }, () => {
  test('passes', async ({ machine }) => {
    expect(await origin(machine)).toBe('initrd')
  })
  test('fails', async ({ machine }) => {
    await machine.run('false')
  })
  test('fails-there', async ({ machine }) => {
    expect(await origin(machine)).toBe('cold')
  })
  test('never-up-there', { ignition: fakeMachine({ initrd: 'silent' }) }, async ({ machine }) => {
    expect(await origin(machine)).toBe('cold')
  })
})
