// The switch over real sockets, with machines that send and receive frames by hand.

import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { MAX_FRAME_BYTES, openSwitch } from './ethernet-switch.ts'
import { BROADCAST, closeSockets, frame, hex, machine, threeMachines } from './switch-machine.test.fixture.ts'

const MULTICAST = '33:33:00:00:00:01'

afterEach(closeSockets)

describe('forwarding', () => {
  test('floods what it does not know, then sends it to one port only', async () => {
    const { a, b, c } = await threeMachines()
    a.send(frame(b.mac, a.mac, 'unknown'))
    expect(await b.texts(1)).toEqual(['unknown'])
    expect(await c.texts(1)).toEqual(['unknown'])
    b.send(frame(a.mac, b.mac, 'reply'))
    expect(await a.texts(1)).toEqual(['reply'])
    a.send(frame(b.mac, a.mac, 'learned'))
    a.send(frame(BROADCAST, a.mac, 'all'))
    a.send(frame(MULTICAST, a.mac, 'many'))
    expect(await b.texts(4)).toEqual(['unknown', 'learned', 'all', 'many'])
    expect(await c.texts(3)).toEqual(['unknown', 'all', 'many'])
    expect(a.port.counters).toEqual({
      sentFrames: 4,
      sentBytes: 4 * 14 + 'unknownlearnedallmany'.length,
      receivedFrames: 1,
      receivedBytes: 14 + 'reply'.length,
      overflowed: 0,
      blocked: 0,
      lost: 0,
      runts: 0,
    })
  })

  test('an address that moves is found at its new port; one behind the sender goes nowhere', async () => {
    const { a, b, c } = await threeMachines()
    const floating = '02:00:00:00:00:99'
    a.send(frame(BROADCAST, floating, 'here'))
    await c.texts(1)
    a.send(frame(floating, a.mac, 'to myself'))
    b.send(frame(floating, b.mac, 'to a'))
    expect(await a.texts(1)).toEqual(['to a'])
    c.send(frame(BROADCAST, floating, 'moved'))
    await a.texts(2)
    b.send(frame(floating, b.mac, 'to c'))
    expect(await c.texts(2)).toEqual(['here', 'to c'])
    expect(await a.texts(2)).toEqual(['to a', 'moved'])
  })

  test.each([1, 2, 3, 4, 5, 7, 17, 18, 19, 64, 1000])('frames in pieces of %i bytes', async (size) => {
    const { network, b } = await threeMachines()
    // Not a socket, so that the pieces are exact.
    const feed = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
    using port = network.connect(feed, 'feed')
    const texts = ['', 'x', 'y'.repeat(50), 'z'.repeat(1500), ''].map((text, index) => `${index}${text}`)
    const bytes = Buffer.concat(texts.map((text) => frame(b.mac, '02:00:00:00:00:77', text)))
    for (let at = 0; at < bytes.length; at += size) feed.push(bytes.subarray(at, at + size))
    expect(await b.texts(texts.length)).toEqual(texts)
    expect(port.counters.sentFrames).toBe(texts.length)
  })

  test('the longest frame passes, in one chunk with others', async () => {
    const { a, b } = await threeMachines()
    const long = 'l'.repeat(MAX_FRAME_BYTES - 14)
    a.send(Buffer.concat(['first', long, 'last'].map((text) => frame(b.mac, a.mac, text))))
    expect(await b.texts(3)).toEqual(['first', long, 'last'])
  })

  test('more addresses than it learns are flooded, and the first ones stay learned', async () => {
    const { a, b, c } = await threeMachines()
    const made = (index: number): string => `02:00:00:01:${hex(index >> 8)}:${hex(index & 255)}`
    a.send(Buffer.concat(Array.from({ length: 3000 }, (_, index) => frame(a.mac, made(index), ''))))
    a.send(frame(BROADCAST, a.mac, 'done'))
    await b.waitFor((texts) => texts.includes('done'))
    b.send(frame(made(0), b.mac, 'to the first'))
    b.send(frame(made(2999), b.mac, 'to the last'))
    await c.waitFor((texts) => texts.includes('to the last'))
    expect(c.received()).not.toContain('to the first')
  })
})

describe('cuts and partitions', () => {
  test('a cut machine neither sends nor receives until it is healed', async () => {
    const { network, a, b, c } = await threeMachines()
    network.cut('a')
    a.send(frame(BROADCAST, a.mac, 'lost'))
    b.send(frame(BROADCAST, b.mac, 'to c alone'))
    expect(await c.texts(1)).toEqual(['to c alone'])
    await a.until(() => a.port.counters.blocked === 2)
    network.heal('a')
    a.send(frame(BROADCAST, a.mac, 'back'))
    expect(await b.texts(1)).toEqual(['back'])
    b.send(frame(a.mac, b.mac, 'welcome'))
    expect(await a.texts(1)).toEqual(['welcome'])
  })

  test('a cut outlasts a power cycle', async () => {
    const { network, b, c } = await threeMachines()
    network.cut('a')
    const again = await machine(network, 'a', 1)
    again.send(frame(BROADCAST, again.mac, 'lost'))
    await again.until(() => again.port.counters.blocked === 1)
    b.send(frame(BROADCAST, b.mac, 'hello'))
    expect(await c.texts(1)).toEqual(['hello'])
    expect(again.received()).toEqual([])
  })

  test('frames pass within the groups of a partition; the unnamed are a group', async () => {
    const { network, a, b, c } = await threeMachines()
    const d = await machine(network, 'd', 4)
    for (const one of [a, b, c, d]) one.send(frame(BROADCAST, one.mac, one.name))
    await Promise.all([a, b, c, d].map(async (one) => await one.texts(3)))
    network.partition([['a', 'b']])
    a.send(frame(BROADCAST, a.mac, 'ab'))
    a.send(frame(c.mac, a.mac, 'never'))
    c.send(frame(BROADCAST, c.mac, 'cd'))
    expect((await b.texts(4)).at(-1)).toBe('ab')
    expect((await d.texts(4)).at(-1)).toBe('cd')
    await c.until(() => c.port.counters.blocked === 2)
    network.partition([['a'], ['b', 'c', 'd']])
    b.send(frame(BROADCAST, b.mac, 'bcd'))
    expect((await c.texts(4)).at(-1)).toBe('bcd')
    network.heal()
    a.send(frame(BROADCAST, a.mac, 'whole'))
    expect((await c.texts(5)).at(-1)).toBe('whole')
    expect(a.received()).not.toContain('cd')
  })

  test('a name that was never there, or is there twice, is refused', async () => {
    const { network } = await threeMachines()
    const unknown = expect.objectContaining({
      code: 'unknown-machine',
      hint: 'connected were: a, b, c',
    })
    expect(() => network.cut('x')).toThrow(unknown)
    expect(() => network.heal('x')).toThrow(unknown)
    expect(() => network.partition([['a'], ['x']])).toThrow(unknown)
    expect(() => network.partition([['a'], ['b', 'a']])).toThrow('"a" is in the partition twice')
    expect(() => openSwitch().cut('a')).toThrow('no machine "a"')
  })
})

describe('hostile and broken machines', () => {
  test('who does not read loses whole frames, and nobody waits for it', async () => {
    const { a, b, c } = await threeMachines()
    b.socket.pause()
    const text = 't'.repeat(1000)
    const frames = 4000
    for (let sent = 0; sent < frames; sent += 100) {
      const batch = Array.from({ length: 100 }, (_, index) =>
        frame(BROADCAST, a.mac, `${sent + index} ${text}`),
      )
      a.send(Buffer.concat(batch))
      await c.texts(sent + 100)
    }
    expect(c.port.counters.overflowed).toBe(0)
    const { overflowed, receivedFrames } = b.port.counters
    expect(overflowed).toBeGreaterThan(0)
    expect(overflowed + receivedFrames).toBe(frames)
    // Two queues and what the kernel holds.
    expect(b.port.counters.receivedBytes).toBeLessThan(2 * 1024 * 1024)
    b.socket.resume()
    const kept = await b.texts(receivedFrames)
    expect(kept.map((line) => line.length > 1000 && line.endsWith(text))).not.toContain(false)
    a.send(frame(BROADCAST, a.mac, 'after'))
    expect((await b.texts(receivedFrames + 1)).at(-1)).toBe('after')
  })

  test.each([
    ['zero', 0],
    ['too long', MAX_FRAME_BYTES + 1],
    ['garbage', 0xffffffff],
  ])('a length that is %s costs the sender its port, and nobody else anything', async (_, length) => {
    const { network, a, b, c } = await threeMachines()
    const prefix = Buffer.alloc(4)
    prefix.writeUInt32BE(length)
    a.send(Buffer.concat([frame(b.mac, a.mac, 'good'), prefix, frame(b.mac, a.mac, 'never')]))
    expect(await a.port.ended).toEqual({
      kind: 'expelled',
      reason: `it announced a frame of ${length} bytes; expected 1 to 65536`,
    })
    expect([...network.ports.keys()]).toEqual(['b', 'c'])
    expect(await b.texts(1)).toEqual(['good'])
    c.send(frame(b.mac, c.mac, 'still here'))
    expect(await b.texts(2)).toEqual(['good', 'still here'])
  })

  test('a bad length in two pieces', async () => {
    const { a } = await threeMachines()
    a.send(Buffer.from([0xff, 0xff]))
    await new Promise((resolve) => setTimeout(resolve, 20))
    a.send(Buffer.from([0xff, 0xff]))
    expect(await a.port.ended).toMatchObject({ kind: 'expelled' })
  })

  test('a frame shorter than its header is dropped', async () => {
    const { a, b } = await threeMachines()
    a.send(Buffer.concat([Buffer.from([0, 0, 0, 13]), Buffer.alloc(13), frame(b.mac, a.mac, 'next')]))
    expect(await b.texts(1)).toEqual(['next'])
    expect(a.port.counters.runts).toBe(1)
  })
})

describe('coming and going', () => {
  test('a port that vanishes in the middle of a frame is forgotten, and what it had learned', async () => {
    const { network, a, b, c } = await threeMachines()
    b.send(frame(BROADCAST, b.mac, 'hello'))
    await a.texts(1)
    b.send(frame(a.mac, b.mac, 'unfinished').subarray(0, 20))
    b.socket.end()
    expect(await b.port.ended).toEqual({ kind: 'vanished' })
    a.send(frame(b.mac, a.mac, 'where are you'))
    expect(await c.texts(2)).toEqual(['hello', 'where are you'])
    const again = await machine(network, 'b', 2)
    again.send(frame(a.mac, again.mac, 'here'))
    expect(await a.texts(2)).toEqual(['hello', 'here'])
  })

  test('a machine that crashes, is unplugged or is replaced', async () => {
    const { network, a, b, c } = await threeMachines()
    // With bytes that it did not read: its end of the connection is reset.
    a.socket.pause()
    b.send(frame(BROADCAST, b.mac, 'unread'))
    await c.texts(1)
    a.socket.destroy()
    expect(await a.port.ended).toEqual({ kind: 'vanished' })
    b.port[Symbol.dispose]()
    expect(await b.port.ended).toEqual({ kind: 'disposed' })
    await once(b.socket, 'close')
    const again = await machine(network, 'c', 3)
    expect(await c.port.ended).toEqual({ kind: 'replaced' })
    expect(network.ports.get('c')).toBe(again.port)
    const dead = new Duplex().destroy()
    await once(dead, 'close')
    expect(await network.connect(dead, 'dead').ended).toEqual({ kind: 'vanished' })
    network[Symbol.dispose]()
    expect(await again.port.ended).toEqual({ kind: 'disposed' })
    expect(network.ports.size).toBe(0)
    expect(() => network.connect(dead, 'late')).toThrow('disposed')
  })
})
