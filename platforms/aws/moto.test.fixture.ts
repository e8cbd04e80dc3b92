// A real EC2 API to test against: moto's server (https://docs.getmoto.org, Apache-2.0), Debian's where it is installed, else from PyPI in a
// virtual environment in the user's cache. A proxy in front of it watches requests, and refuses some when a test says so; it answers
// nothing by itself but refusals.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../harness/deadline.ts'
import { cacheFolder } from '../../harness/folders.ts'
import { dieWithParent, execCommand, runCommand } from '../../harness/process.ts'
import { acquireLock } from '../../qemu/index.ts'

const REQUIREMENTS = ['moto[ec2,s3,server,ssm,sts]==5.2.5']

const ami = (
  ami_id: string,
  owner_id: string,
  name: string,
  creation_date: string,
  architecture = 'x86_64',
): Readonly<Record<string, unknown>> => ({
  ami_id,
  owner_id,
  name,
  architecture,
  creation_date,
  state: 'available',
  public: true,
  image_location: name,
  image_type: 'machine',
  platform: null,
  description: name,
  hypervisor: 'xen',
  root_device_name: '/dev/xvda',
  root_device_type: 'ebs',
  sriov: 'simple',
  virtualization_type: 'hvm',
})

/** What publishers have there, with their own account numbers and names. */
const publishedAmis = [
  ami('ami-0f1a7ca7000000001', '075585003325', 'Flatcar-stable-1.0.0-hvm', '2026-01-01T00:00:00.000Z'),
  ami('ami-0f1a7ca7000000002', '075585003325', 'Flatcar-stable-2.0.0-hvm', '2026-02-01T00:00:00.000Z'),
  ami(
    'ami-0f1a7ca7000000003',
    '075585003325',
    'Flatcar-stable-2.0.0-hvm-arm64',
    '2026-02-01T00:00:00.000Z',
    'arm64',
  ),
  ami('ami-0fc0500000000001', '125523088429', 'fedora-coreos-43.1.0-x86_64', '2026-01-01T00:00:00.000Z'),
]

/** An image that there is. */
export const SOME_AMI = 'ami-0f1a7ca7000000001'

/** Programs that may have Python's venv, Debian's first. */
const PYTHONS = ['/usr/bin/python3', 'python3']

export interface ProxiedRequest {
  /** Counted from 0 since the proxy was opened. */
  readonly index: number
  /** The action of EC2 and STS, else method and path. */
  readonly action: string
  /** Of its signature. */
  readonly region: string
  readonly body: string
}

/** What becomes of a request: it is let through, or refused with this error of EC2. */
export type Ruling = 'pass' | { readonly refuse: string; readonly status?: number }

export interface Moto extends AsyncDisposable {
  /** Of the proxy. */
  readonly url: string
  /** Of the server itself. */
  readonly directUrl: string
  /** Decides about each request before it is made, from now on until the result is disposed; of several, each may refuse it. */
  rule(decide: (asked: ProxiedRequest) => Ruling | Promise<Ruling>): Disposable
  /** Told of each request that was answered, before its answer is passed on. */
  onAnswered(listen: (asked: ProxiedRequest) => void | Promise<void>): Disposable
  readonly counts: {
    /** Requests so far. */
    total(): number
    /** Most at the same time. */
    mostInFlight(): number
    /** Milliseconds during which the server was busy with at least one request. */
    busyMs(): number
    reset(): void
  }
}

export type AwsEnvironment = Readonly<
  Record<
    | 'AWS_ENDPOINT_URL'
    | 'AWS_REGION'
    | 'AWS_ACCESS_KEY_ID'
    | 'AWS_SECRET_ACCESS_KEY'
    | 'AWS_SESSION_TOKEN'
    | 'AWS_EC2_METADATA_DISABLED'
    | 'AWS_CONFIG_FILE'
    | 'AWS_SHARED_CREDENTIALS_FILE',
    string
  >
>

/** What the SDK needs to find it, with credentials that are seen at once where they must not be. */
export function awsEnvironment(url: string, region = 'eu-central-1'): AwsEnvironment {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'AKIASEEDEDACCESSKEY0',
    AWS_SECRET_ACCESS_KEY: 'seeded+secret/access-key',
    AWS_SESSION_TOKEN: 'seeded-session-token',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
}

/** Starts a server, installing it first where it is not there, and waits until it answers. */
export async function startMoto(): Promise<Moto> {
  await using stack = new AsyncDisposableStack()
  const python = await motoPython()
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-moto-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const amis = join(folder, 'amis.json')
  writeFileSync(amis, JSON.stringify(publishedAmis))
  const [file, ...args] = dieWithParent(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)])
  const server = spawn(file, args, {
    env: { PATH: process.env['PATH'], MOTO_AMIS_PATH: amis, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  stack.defer(async () => {
    const gone = server.exitCode === null ? once(server, 'exit') : undefined
    server.kill('SIGKILL')
    await gone
  })
  let said = ''
  server.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)))
  const directUrl = `http://127.0.0.1:${port}`
  while (!(await answers(directUrl))) {
    if (server.exitCode !== null) throw new Error(`moto's server ended: ${said}`)
    await sleep(50)
  }
  const proxy = stack.use(await openProxy(port))
  const kept = stack.move()
  return { ...proxy, directUrl, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Python with moto, installed once a version of it and for all. */
async function motoPython(): Promise<string> {
  const debian = await execCommand('/usr/bin/python3', [
    '-c',
    'import moto, flask; assert tuple(map(int, moto.__version__.split(".")[:2])) >= (5, 1)',
  ])
  if (debian.failure === '') return '/usr/bin/python3'
  const key = createHash('sha256').update(REQUIREMENTS.join('\n')).digest('hex').slice(0, 16)
  // Not the cache of one test: that is thrown away with it.
  const folder = join(SHARED_CACHE, 'python', `moto-${key}`)
  const python = join(folder, 'bin', 'python')
  if (existsSync(join(folder, 'complete'))) return python
  await using lock = await acquireLock(`${folder}.lock`)
  void lock
  if (existsSync(join(folder, 'complete'))) return python
  process.stdout.write(`Installing ${REQUIREMENTS.join(' ')} into ${folder}\n`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, '..'), { recursive: true })
  await makeEnvironment(folder)
  await runCommand(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...REQUIREMENTS,
  ])
  writeFileSync(join(folder, 'complete.new'), '')
  renameSync(join(folder, 'complete.new'), join(folder, 'complete'))
  return python
}

const SHARED_CACHE = cacheFolder()

async function makeEnvironment(folder: string): Promise<void> {
  const failures: string[] = []
  for (const python of PYTHONS) {
    const made = await execCommand(python, ['-m', 'venv', folder])
    if (made.failure === '') return
    failures.push(made.failure)
    rmSync(folder, { recursive: true, force: true })
  }
  throw new Error(
    `no Python can make a virtual environment (apt-get install python3-venv): ${failures.join('; ')}`,
  )
}

async function openProxy(port: number): Promise<Omit<Moto, 'directUrl'>> {
  const rulings = new Set<(asked: ProxiedRequest) => Ruling | Promise<Ruling>>()
  const listeners = new Set<(asked: ProxiedRequest) => void | Promise<void>>()
  let total = 0
  let inFlight = 0
  let mostInFlight = 0
  let busyMs = 0
  let busySince = 0
  const begin = (): void => {
    if (inFlight === 0) busySince = performance.now()
    inFlight += 1
    mostInFlight = Math.max(mostInFlight, inFlight)
  }
  const end = (): void => {
    inFlight -= 1
    if (inFlight === 0) busyMs += performance.now() - busySince
  }
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await readAll(incoming)
    const asked: ProxiedRequest = {
      index: total,
      action: actionOf(incoming, body),
      region: /Credential=[^/]*\/\d+\/([\w-]+)\//.exec(incoming.headers.authorization ?? '')?.[1] ?? '',
      body: body.toString('latin1'),
    }
    total += 1
    for (const decide of rulings) {
      const ruling = await decide(asked)
      if (ruling === 'pass') continue
      outgoing.writeHead(ruling.status ?? 503, { 'content-type': 'text/xml' }).end(refusal(ruling.refuse))
      return
    }
    const answer = await forward(port, incoming, body)
    for (const listen of listeners) await listen(asked)
    outgoing.writeHead(answer.status, answer.headers).end(answer.body)
  }
  const server = createServer((incoming, outgoing) => {
    begin()
    outgoing.on('close', end)
    serve(incoming, outgoing).catch((error: unknown) =>
      outgoing.destroy(error instanceof Error ? error : undefined),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const within = <T>(set: Set<T>, item: T): Disposable => {
    set.add(item)
    return { [Symbol.dispose]: () => void set.delete(item) }
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rule: (decide) => within(rulings, decide),
    onAnswered: (listen) => within(listeners, listen),
    counts: {
      total: () => total,
      mostInFlight: () => mostInFlight,
      busyMs: () => busyMs,
      reset() {
        mostInFlight = inFlight
        busyMs = 0
      },
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await Promise.resolve()
    },
  }
}

function actionOf({ method = '', url = '' }: IncomingMessage, body: Buffer): string {
  const action = /(?:^|&)Action=(\w+)/.exec(body.subarray(0, 4096).toString('latin1'))?.[1]
  return action ?? `${method} ${url.split('?')[0]}`
}

// As EC2's query API answers an error (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
function refusal(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>refused by the test</Message></Error></Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>`
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function forward(
  port: number,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Buffer }> {
  const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  const { 'transfer-encoding': _encoding, connection: _connection, ...rest } = answer.headers
  return { status: answer.statusCode ?? 500, headers: rest, body: await readAll(answer) }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/data.json`)).ok
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
