// The control line of real machines, through the real command line: forks, which have it from their template.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
const corpus = world.corpus('real-control')
await buildReferenceImage()

function failures() {
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return lines
    .map((line) => JSON.parse(line) as SignalboxEvent)
    .flatMap((event) => (event.type === 'attempt.finished' ? event.failures : []))
}

it('commands, files and the journal with the network down and sshd masked; floods, escapes, deadlines; a killed agent', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'control.*', ...corpus])
  expect(stdout).toContain('7 passed')
  expect(exitCode).toBe(0)
})

it('a failure says what is wrong with sshd, and the state of the machine is kept', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'lost.sshd-broken', ...corpus])
  expect(stdout).toMatch(/✗ lost.sshd-broken .*m0: ssh.service is failed \(exit-code\): .*Nonsense/)
  expect(exitCode).toBe(1)
  const kept = readdirSync(join(world.output, 'latest', 'attempts', 'lost.sshd-broken', '1', 'attachments'))
  expect(kept.join()).toMatch(/failed-units.*dmesg.*system/)
})

it('a failure says that the network is down', async () => {
  const { exitCode } = await world.signalbox(['run', 'lost.network-down', ...corpus])
  expect(failures()).toMatchObject([{ message: expect.stringMatching(/^m0: the network is down: \S+ DOWN/) }])
  expect(exitCode).toBe(1)
})
