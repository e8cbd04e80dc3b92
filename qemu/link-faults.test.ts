// Slow and lossy links, and who is outside of every partition.

import { afterEach, describe, expect, test } from 'vitest'
import { LINE_LIMIT } from './delay-line.ts'
import { openSwitch } from './ethernet-switch.ts'
import {
  BROADCAST,
  closeSockets,
  frame,
  machine,
  threeMachines,
  type Machine,
} from './switch-machine.test.fixture.ts'

afterEach(closeSockets)

describe('delay and loss', () => {
  test('a delay counts each way, keeps the order and needs no reader', async () => {
    const { network, a, b } = await threeMachines()
    network.delay('a', 60, 40)
    const before = performance.now()
    const texts = Array.from({ length: 200 }, (_, index) => String(index))
    a.send(Buffer.concat(texts.map((text) => frame(BROADCAST, a.mac, text))))
    expect(await b.texts(200)).toEqual(texts)
    expect(performance.now() - before).toBeGreaterThanOrEqual(20)
    network.delay('a', 60)
    const asked = performance.now()
    b.send(frame(a.mac, b.mac, 'ping'))
    await a.waitFor((received) => received.includes('ping'))
    a.send(frame(b.mac, a.mac, 'pong'))
    await b.waitFor((received) => received.includes('pong'))
    expect(performance.now() - asked).toBeGreaterThanOrEqual(118)
  })

  test('what is on its way arrives at once when the link is healed', async () => {
    const { network, a, b, c } = await threeMachines()
    network.delay('a', 60_000)
    a.send(Buffer.concat(['1', '2'].map((text) => frame(BROADCAST, a.mac, text))))
    b.send(frame(BROADCAST, b.mac, '3'))
    expect(await c.texts(1)).toEqual(['3'])
    await a.until(() => a.port.counters.sentFrames === 2)
    expect(a.received()).toEqual([])
    network.heal('a')
    expect(await b.texts(2)).toEqual(['1', '2'])
    expect(await a.texts(1)).toEqual(['3'])
  })

  test('what is on its way does not pass a link that was cut meanwhile', async () => {
    const { network, a, b, c } = await threeMachines()
    network.delay('a', 60_000)
    a.send(frame(BROADCAST, a.mac, 'never'))
    b.send(frame(BROADCAST, b.mac, 'never to a'))
    await c.texts(1)
    await a.until(() => a.port.counters.sentFrames === 1)
    network.cut('a')
    // The link is fast again: they arrive where it is cut.
    network.delay('a', 0)
    expect(a.port.counters.blocked).toBe(2)
    expect([a.received(), b.received()]).toEqual([[], []])
  })

  test('a slow link holds a bounded number of frames and bytes', async () => {
    const { network, a, b } = await threeMachines()
    network.delay('a', 60_000)
    const small = Buffer.concat(Array.from({ length: 500 }, () => frame(BROADCAST, a.mac, '')))
    for (let batch = 0; batch < 20; batch += 1) a.send(small)
    await a.until(() => a.port.counters.sentFrames === 10_000)
    expect(a.port.counters.overflowed).toBe(10_000 - LINE_LIMIT.frames)
    network.heal()
    await b.texts(LINE_LIMIT.frames)
    network.delay('a', 60_000)
    const large = frame(BROADCAST, a.mac, 'l'.repeat(60_000))
    for (let count = 0; count < 100; count += 1) a.send(large)
    await a.until(() => a.port.counters.sentFrames === 10_100)
    const held = Math.floor(LINE_LIMIT.bytes / large.length)
    expect(a.port.counters.overflowed).toBe(10_000 - LINE_LIMIT.frames + 100 - held)
  })

  test('loss takes the share that it says, each way, as chance decides', async () => {
    // Every fourth frame of each kind: 0, 0.25, 0.5, 0.75, 0, ...
    let asked = 0
    const network = openSwitch({ random: () => (asked++ % 4) / 4 })
    const a = await machine(network, 'a', 1)
    const b = await machine(network, 'b', 2)
    network.loss('a', 0.5)
    const send = (from: Machine): void => {
      const texts = Array.from({ length: 8 }, (_, index) => String(index))
      from.send(Buffer.concat(texts.map((text) => frame(BROADCAST, from.mac, text))))
    }
    send(a)
    expect(await b.texts(4)).toEqual(['2', '3', '6', '7'])
    send(b)
    expect(await a.texts(4)).toEqual(['2', '3', '6', '7'])
    expect(a.port.counters.lost).toBe(8)
    network.loss('a', 1)
    send(a)
    await a.until(() => a.port.counters.lost === 16)
    network.loss('a', 0)
    send(a)
    expect(await b.texts(12)).toHaveLength(12)
  })

  test('both outlast a power cycle and end with it what is on its way', async () => {
    const { network, a, b } = await threeMachines()
    network.delay('a', 60_000)
    a.send(frame(BROADCAST, a.mac, 'never'))
    await a.until(() => a.port.counters.sentFrames === 1)
    network.delay('a', 20)
    const again = await machine(network, 'a', 1)
    const before = performance.now()
    again.send(frame(BROADCAST, again.mac, 'late'))
    expect(await b.texts(1)).toEqual(['late'])
    expect(performance.now() - before).toBeGreaterThanOrEqual(19)
    // Nobody waits for what will not arrive.
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    network.delay('b', 60_000)
    b.send(frame(BROADCAST, b.mac, 'never'))
    await b.until(() => b.port.counters.sentFrames === 1)
    const waiting = timers()
    b.port[Symbol.dispose]()
    expect(timers()).toBe(waiting - 1)
  })

  test.each([
    ['delay', -1],
    ['delay', 60_001],
    ['delay', Number.NaN],
    ['loss', 1.1],
    ['loss', -0.1],
    ['loss', Number.POSITIVE_INFINITY],
  ] as const)('%s of %d is refused', async (what, value) => {
    const { network } = await threeMachines()
    expect(() => network[what]('a', value)).toThrow(expect.objectContaining({ code: 'bad-network-fault' }))
    expect(() => network.delay('a', 10, 11)).toThrow('no more than the delay')
    expect(() => network[what]('x', 0)).toThrow(expect.objectContaining({ code: 'unknown-machine' }))
  })
})

test('who is everywhere reaches every group of a partition, unless it is named', async () => {
  const { network, a, b } = await threeMachines()
  const d = await machine(network, 'd', 4, { everywhere: true })
  network.partition([['a'], ['b']])
  d.send(frame(BROADCAST, d.mac, 'all'))
  expect(await a.texts(1)).toEqual(['all'])
  expect(await b.texts(1)).toEqual(['all'])
  a.send(frame(d.mac, a.mac, 'from a'))
  b.send(frame(d.mac, b.mac, 'from b'))
  await d.waitFor((texts) => texts.length === 2)
  network.partition([['a', 'd'], ['b']])
  d.send(frame(BROADCAST, d.mac, 'a alone'))
  expect(await a.texts(2)).toEqual(['all', 'a alone'])
  expect(b.received()).toEqual(['all'])
})
