// The agent's line over power cycles, with streams in place of QEMU's sockets.

import { Duplex, PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openAgentLine } from './agent-line.ts'

/** A port: what the host writes is in `sent`, what the guest says goes into `guest`. */
function port() {
  const sent: string[] = []
  const guest = new PassThrough()
  const toGuest = new PassThrough().on('data', (chunk: Buffer) => sent.push(chunk.toString()))
  return { sent, guest, stream: Duplex.from({ readable: guest, writable: toGuest }) }
}

test('lines go both ways', async () => {
  const line = openAgentLine()
  const { sent, guest, stream } = port()
  const heard: string[] = []
  line.lines.subscribe((text) => heard.push(text))
  line.send('nobody is there yet')
  void line.attach(stream)
  line.send('01234567 true')
  guest.write("up\n01234567 0 ''")
  guest.write('\nhalf')
  await turn()
  await turn()
  expect(sent.join('')).toBe('01234567 true\n')
  expect(heard).toEqual(['up', "01234567 0 ''"])
  expect(line.lines.tail(1)).toEqual(['half'])
})

test('after a power cycle the new port is used; what was half said ends there', async () => {
  const line = openAgentLine()
  const [first, second] = [port(), port()]
  const ended = line.attach(first.stream)
  first.guest.end('cut off')
  await ended
  line.send('into the void')
  void line.attach(second.stream)
  line.send('to the second')
  second.guest.write('up\n')
  await turn()
  await turn()
  expect([first.sent, second.sent]).toEqual([[], ['to the second\n']])
  expect(line.lines.tail(9)).toEqual(['cut off', 'up'])
})

test('a port that breaks is the end of it, and no error', async () => {
  const line = openAgentLine()
  const { guest, stream, sent } = port()
  const ended = line.attach(stream)
  stream.on('error', () => undefined)
  guest.destroy(new Error('EPIPE'))
  await expect(ended).resolves.toBeUndefined()
  expect(() => line.send('x')).not.toThrow()
  expect(sent).toEqual([])
})

test('the end of an old port does not take the new one away', async () => {
  const line = openAgentLine()
  const [first, second] = [port(), port()]
  const ended = line.attach(first.stream)
  void line.attach(second.stream)
  first.guest.end()
  await ended
  line.send('still there')
  await turn()
  await turn()
  expect(second.sent).toEqual(['still there\n'])
})

test('a port that takes nothing more may still say something', async () => {
  const line = openAgentLine()
  const { guest, stream } = port()
  void line.attach(stream)
  stream.end()
  line.send('too late')
  await turn()
  guest.write('last words\n')
  await turn()
  await turn()
  expect(line.lines.tail(1)).toEqual(['last words'])
})
