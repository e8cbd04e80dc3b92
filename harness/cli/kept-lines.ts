// The serial line and the agent's line of a kept machine, on the UNIX sockets that its QEMU listens on. One at a time may
// be there; a second one waits for the first to leave.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { LineBuffer, readLines } from '../../qemu/index.ts'
import { openAgent } from '../agent/agent.ts'
import { openControlLine, type ControlLine } from '../control/control-line.ts'
import type { KeptMachine } from '../debugging/kept-machines.ts'
import type { ShellTarget } from '../debugging/shell-target.ts'
import type { AgentPort, SerialLine } from '../machine.ts'

/** The lines that are there. */
export interface KeptLines extends AsyncDisposable {
  readonly control: ControlLine | undefined
  readonly serial: SerialLine | undefined
}

/** Connects to both; one that cannot be had is undefined. */
export async function connectToKept({
  agentSocket,
  consoleSocket,
  machine,
  slowness,
}: KeptMachine): Promise<KeptLines> {
  await using stack = new AsyncDisposableStack()
  const dial = async (path: string | undefined): Promise<Socket | undefined> => {
    if (path === undefined) return undefined
    const socket = connect(path)
    socket.on('error', () => undefined)
    stack.defer(() => void socket.destroy())
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      return undefined
    }
  }
  const [agentLine, consoleLine] = [await dial(agentSocket), await dial(consoleSocket)]
  let control: ControlLine | undefined
  if (agentLine !== undefined) {
    const port = portOn(agentLine)
    const agent = stack.use(openAgent(port))
    control = stack.use(openControlLine({ machine, port, agent, answerMs: 5_000 * slowness }))
  }
  const owned = stack.move()
  return {
    control,
    serial: consoleLine === undefined ? undefined : serialOn(consoleLine),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

function portOn(socket: Socket): AgentPort {
  const lines = new LineBuffer()
  void readLines(socket, lines)
  return { lines, send: (line) => void socket.write(`${line}\n`) }
}

function serialOn(socket: Socket): SerialLine {
  return {
    listen(onBytes) {
      socket.on('data', onBytes)
      return () => socket.off('data', onBytes)
    },
    send: (bytes) => void socket.write(bytes),
  }
}

/** A kept machine as a person's session sees it, without its lines. */
export async function targetOf(kept: KeptMachine): Promise<ShellTarget> {
  const { host, port, user, key, slowness, machine } = kept
  const privateKey = await readFile(key, 'utf8')
  return {
    name: machine,
    endpoint: async () => await Promise.resolve({ host, port }),
    user,
    sshKey: { privateKey, publicKey: '', path: key },
    slowness,
    control: undefined,
    serial: undefined,
  }
}
