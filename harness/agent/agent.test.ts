// The conversation with the agent: who answers what, and everything that is no answer.

import { expect, test } from 'vitest'
import { TimeoutError } from '../deadline.ts'
import { MachineError } from '../errors.ts'
import { openAgent, type AskOptions } from './agent.ts'
import { scriptedPort } from './scripted-agent.test.fixture.ts'

const never = new AbortController().signal
const about = (title: string, timeoutMs = 10_000): AskOptions => ({ title, timeoutMs, signal: never })

test('an answer has a status and what was left in o', async () => {
  const port = scriptedPort(({ code }) => ({ status: 3, output: `<${code}>\n` }))
  using agent = openAgent(port)
  expect(await agent.ask('date -s @1', about('it'))).toEqual({ status: 3, output: '<date -s @1>\n' })
  expect(port.sent).toEqual([expect.stringMatching(/^([0-9a-f]{8}) date -s @1 #\1$/)])
})

test('code of several lines is sent as one', async () => {
  const port = scriptedPort(() => ({}))
  using agent = openAgent(port)
  const code = 'settle() {\necho "it\'s \\n"\n}'
  await agent.ask(code, about('it'))
  expect(port.sent).toEqual([expect.not.stringContaining('\n')])
  expect(port.requests).toMatchObject([{ code }])
})

test('answers are told apart by their id, in whatever order they come', async () => {
  const port = scriptedPort()
  using agent = openAgent(port)
  const first = agent.ask('one', about('one'))
  const second = agent.ask('two', about('two'))
  const [a, b] = port.requests
  expect(a?.id).not.toBe(b?.id)
  port.say(`${b?.id} 2 'for two'`)
  port.say(`${a?.id} 1 'for one'`)
  expect(await first).toEqual({ status: 1, output: 'for one' })
  expect(await second).toEqual({ status: 2, output: 'for two' })
})

test('what was said before it was opened is no answer, nor is it lost to others', async () => {
  const port = scriptedPort(() => ({ output: 'yes' }))
  port.say("00000000 0 'old'")
  using agent = openAgent(port)
  expect(await agent.ask('true', about('it'))).toEqual({ status: 0, output: 'yes' })
})

test('lines that are no answer are passed over', async () => {
  const port = scriptedPort()
  using agent = openAgent(port)
  let answered = false
  const asked = agent.ask('true', about('it')).finally(() => (answered = true))
  const id = port.requests[0]?.id ?? ''
  const hostile = [
    'up',
    '',
    id,
    `${id} `,
    `${id} 0`,
    `${id} zero 'x'`,
    `${id} -1 'x'`,
    `${id} 1000 'x'`,
    `${id.toUpperCase()}x 0 'x'`,
    ` ${id} 0 'x'`,
    `x${id} 0 'x'`,
    "deadbeef 0 'somebody else'",
    `\u001B[31m${id} 0 'x'`,
  ]
  for (const line of hostile) port.say(line)
  // Whatever was resolved has been seen after a turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  expect(answered).toBe(false)
  port.say(`${id} 0 'the one'`)
  expect(await asked).toEqual({ status: 0, output: 'the one' })
})

test('a second answer to the same request changes nothing', async () => {
  const port = scriptedPort()
  using agent = openAgent(port)
  const asked = agent.ask('true', about('it'))
  const id = port.requests[0]?.id ?? ''
  port.say(`${id} 0 'first'`)
  port.say(`${id} 1 'second'`)
  expect(await asked).toEqual({ status: 0, output: 'first' })
})

test('silence ends with the title and the last line', async () => {
  const port = scriptedPort()
  using agent = openAgent(port)
  await expect(agent.ask('true', about('the clone to wake', 20))).rejects.toThrow(
    'waited 0.0 s for the clone to wake; last seen: nothing from the agent in the guest',
  )
  port.say('bash: \u001B[31mcannot fork\u001B[0m')
  const asked = agent.ask('true', about('it', 20))
  await expect(asked).rejects.toThrow(/for it; last seen: bash: cannot fork$/)
  await expect(asked).rejects.toBeInstanceOf(TimeoutError)
})

test('an answer that comes too late is for nobody', async () => {
  const port = scriptedPort()
  using agent = openAgent(port)
  await expect(agent.ask('slow', about('it', 20))).rejects.toThrow(TimeoutError)
  const asked = agent.ask('next', about('it'))
  const [slow, next] = port.requests
  port.say(`${slow?.id} 0 'late'`)
  port.say(`${next?.id} 0 'in time'`)
  expect(await asked).toEqual({ status: 0, output: 'in time' })
})

test('an abort ends the wait with its reason', async () => {
  const port = scriptedPort()
  using agent = openAgent(port)
  const abort = new AbortController()
  const asked = agent.ask('true', { ...about('it'), signal: abort.signal })
  abort.abort(new Error('the machine is gone'))
  await expect(asked).rejects.toThrow('the machine is gone')
})

test('tell gives the output, and throws when the status is not 0', async () => {
  const port = scriptedPort(({ code }) =>
    code === 'good' ? { output: 'fine' } : { status: 127, output: 'bash:\nno\u0007t found' },
  )
  using agent = openAgent(port)
  expect(await agent.tell('good', about('it'))).toBe('fine')
  const told = agent.tell('bad', about('the machine to settle'))
  await expect(told).rejects.toThrow(
    'the machine to settle: the agent in the guest says 127: bash: ⏎ not found',
  )
  await expect(told).rejects.toSatisfy(
    (error) => error instanceof MachineError && error.code === 'agent-failed',
  )
})

test('once disposed it listens no more; the port goes on', () => {
  const port = scriptedPort()
  const agent = openAgent(port)
  expect(port.listeners).toBe(1)
  agent[Symbol.dispose]()
  expect(port.listeners).toBe(0)
})
