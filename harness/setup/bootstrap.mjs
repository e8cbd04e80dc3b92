// The first step of every npm script on a bare machine: brings node_modules in line with package-lock.json (and with it
// Node 24), then hands over to TypeScript for the system packages. Plain JavaScript that the oldest supported Node runs,
// with no dependency; it does nothing, quickly, when nothing is missing.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  appendFileSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const pinnedNode = join(root, 'node_modules', '.bin', 'node')
const stage = process.argv[2] ?? 'check'

try {
  await exclusively(`npm-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`, installNodeModules)
  if (stage !== 'check') await exclusively('system-packages', installSystemPackages)
} catch (error) {
  process.stderr.write(`\nsignalbox setup: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

/** `npm ci`, unless node_modules already is what the lock file says. */
async function installNodeModules() {
  if (modulesMatchLock() && isExecutable(pinnedNode)) return
  const log = join(logFolder(), 'npm-ci.log')
  const started = Date.now()
  writeFileSync(log, `${new Date(started).toISOString()} ${root}\n`)
  process.stdout.write(`Installing the Node packages of package-lock.json (npm ci; log: ${log})\n`)
  // NODE_ENV, omit, ignore-scripts and engine-strict are the user's settings for other projects; this install needs
  // the development tools, and the script that fetches Node 24.
  await runNpm(
    ['ci', '--include=dev', '--ignore-scripts=false', '--engine-strict=false', '--no-audit', '--no-fund'],
    log,
  )
  if (!isExecutable(pinnedNode)) await runNpm(['rebuild', 'node', '--ignore-scripts=false'], log)
  if (!isExecutable(pinnedNode)) {
    throw new Error(
      `npm installed no Node 24 at ${pinnedNode}: the install script of the package "node" did not run. ` +
        `Look into ${log}, and check "npm config get ignore-scripts".`,
    )
  }
  process.stdout.write(`Node packages installed in ${Math.round((Date.now() - started) / 1000)} s\n`)
}

/**
 * Compares package-lock.json with the record that npm writes into node_modules as the last step of an install, so a
 * developer's own `npm install` counts and an interrupted one does not. Packages for other systems may be absent.
 */
function modulesMatchLock() {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined) throw new Error(`cannot read ${join(root, 'package-lock.json')}`)
  if (present === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = present[path]
    if (found === undefined) return entry.optional === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Runs npm with a Node outside node_modules (which npm ci removes); its output goes to the log. */
async function runNpm(args, log) {
  const searchPath = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules') + sep))
  const node = searchPath.map((folder) => join(folder, 'node')).find(isExecutable) ?? process.execPath
  const script = process.env.npm_execpath
  const command =
    script !== undefined && /npm-cli\.[cm]?js$/.test(script) ? [node, script, ...args] : ['npm', ...args]
  const env = { ...process.env, PATH: searchPath.join(delimiter), CI: 'true', FORCE_COLOR: '0' }
  const status = await run(command, { env, onOutput: (chunk) => appendFileSync(log, chunk) })
  if (status !== 0) {
    // npm explains first and lists its options last.
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    const errors = lines.filter((line) => /^npm (error|ERR!) \S/.test(line)).slice(0, 12)
    const shown = (errors.length > 0 ? errors : lines.slice(-12)).join('\n')
    throw new Error(`npm ${args[0]} failed (${status}); from ${log}:\n${shown}`)
  }
}

/** What Debian packages this stage needs is checked and installed by TypeScript, which Node 24 runs as it is. */
async function installSystemPackages() {
  const status = await run([
    pinnedNode,
    join(root, 'harness', 'setup', 'install-system-packages.ts'),
    stage,
    logFolder(),
  ])
  if (status !== 0) process.exitCode = 1
}

/** Runs a command to its end and returns its exit status, or the signal that ended it. */
function run(command, options = {}) {
  const [file, ...args] = command
  const stdio = options.onOutput === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe']
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio, env: options.env ?? process.env })
    child.stdout?.on('data', options.onOutput)
    child.stderr?.on('data', options.onOutput)
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
}

/**
 * Runs `work` while no other process on this host does. The lock is an abstract UNIX socket: the kernel releases it
 * when its owner dies, so none is ever stale. Other systems than Linux have none; there the lock is left out.
 */
async function exclusively(name, work) {
  if (process.platform !== 'linux') return await work()
  const address = `\0signalbox-setup-${name}`
  let told = false
  for (;;) {
    const lock = await listen(address)
    if (lock !== undefined) {
      try {
        return await work()
      } finally {
        lock.release()
      }
    }
    if (!told) process.stdout.write('Waiting for another signalbox setup on this host to finish\n')
    told = true
    await untilReleased(address)
  }
}

/** The lock, or `undefined` when another process has the address. */
function listen(address) {
  return new Promise((resolve, reject) => {
    const waiting = new Set()
    const server = createServer((socket) => waiting.add(socket.on('error', () => undefined)))
    const release = () => {
      server.close()
      for (const socket of waiting) socket.destroy()
    }
    server.on('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen(address, () => resolve({ release }))
  })
}

/** The owner never answers; the connection ends when the owner releases the lock or dies. */
function untilReleased(address) {
  return new Promise((resolve) => {
    connect(address)
      .on('error', () => resolve())
      .on('close', () => resolve())
      .resume()
  })
}

/** In the user's cache folder (as harness/folders.ts has it), or a fresh temporary one where that cannot be written. */
function logFolder() {
  const cache =
    process.env.SIGNALBOX_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'signalbox')
  try {
    mkdirSync(join(cache, 'setup'), { recursive: true })
    accessSync(join(cache, 'setup'), constants.W_OK)
    return join(cache, 'setup')
  } catch {
    return mkdtempSync(join(tmpdir(), 'signalbox-setup-'))
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
