// `signalbox serve` in the table of commands.

import type { CommandRow } from './command-table.ts'
import { historyOption, outputOption, wholeNumber } from './option-table.ts'

export const serveCommand: CommandRow = {
  usage: 'serve',
  help: 'a dashboard in the browser: channels, runs that go on, reports, how each test goes, two images compared; it changes nothing',
  options: [
    historyOption,
    { ...outputOption, flags: '-r, --results <folder>', help: 'where runs are' },
    {
      flags: '--decisions <folder>',
      help: 'where decisions of the gate are kept',
      default: 'signalbox-decisions',
      env: 'SIGNALBOX_DECISIONS',
    },
    {
      flags: '-k, --key <file>',
      help: 'public key (PEM): only decisions count that it signed',
      env: 'SIGNALBOX_GATE_PUBLIC_KEY',
    },
    {
      flags: '--host <address>',
      help: 'where to listen; with another one than loopback everybody needs a token',
      default: '127.0.0.1',
    },
    {
      flags: '--port <n>',
      help: 'the port; 0 is a free one',
      parse: wholeNumber(0, 65_535),
      default: 7411,
    },
    {
      flags: '--token-file <file>',
      help: 'the token that opens it; default: a new one, printed, where one is needed',
      env: 'SIGNALBOX_TOKEN_FILE',
    },
  ],
  examples: [
    'signalbox serve                                     # http://127.0.0.1:7411',
    'signalbox serve --history postgres://ci@db/signalbox --results nightly',
    'signalbox serve --host 0.0.0.0 --token-file dashboard.token',
  ],
  action: async () => (await import('./commands/serve.ts')).serve,
}
