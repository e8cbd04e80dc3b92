// A service for the tests, run as a process of its own: `node service.test.fixture.ts <behaviour> [argument]`.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [behaviour = '', argument = ''] = process.argv.slice(2)
const forever = (): unknown => setInterval(() => undefined, 1000)

switch (behaviour) {
  case 'serves': {
    const [port = '0', status = '200'] = argument.split(',')
    createServer((_, response) => response.writeHead(Number(status)).end()).listen(Number(port), '127.0.0.1')
    break
  }
  case 'says':
    process.stdout.write(`starting\n${argument}\n`)
    forever()
    break
  case 'ends':
    process.stderr.write('there is no database\nso I give up\n')
    process.exitCode = Number(argument)
    break
  case 'ends-later':
    process.stdout.write('ready\n')
    setTimeout(() => {
      process.stderr.write('the disk is on fire\n')
      process.exit(7)
    }, Number(argument))
    break
  case 'ignores':
    process.on('SIGTERM', () => process.stdout.write('no\n'))
    process.stdout.write('ready\n')
    forever()
    break
  case 'has-a-child': {
    // As `npm run` does it: what is started is not what serves. The child ignores SIGTERM.
    const child = spawn(process.execPath, [import.meta.filename, 'ignores'], { stdio: 'inherit' })
    writeFileSync(argument, String(child.pid))
    forever()
    break
  }
  case 'environment':
    process.stdout.write(`${process.cwd()} ${process.env[argument] ?? 'unset'}\n`)
    forever()
    break
  default:
    process.exitCode = 99
}
