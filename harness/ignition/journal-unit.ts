// The unit that copies the guest's journal to a character device (a virtio-serial port), from early in the boot on, so
// that there is a journal even when SSH never answers.

import type { IgnitionFragment } from './fragment.ts'

/** Fields that the checks and reports read; journalctl adds cursor, times and boot id itself. */
const FIELDS = ['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', 'UNIT', '_PID', '_TRANSPORT']

export const JOURNAL_UNIT = 'signalbox-journal.service'

/** The unit as a fragment; `device` is an absolute path in the guest. */
export function journalUnit(device: string): IgnitionFragment {
  const unit = `${escapePath(device)}.device`
  const contents = [
    '[Unit]',
    'Description=Copy the journal to the test harness',
    // It must start before sysinit.target, which must not wait for it, and keep on through an emergency and a shutdown.
    'DefaultDependencies=no',
    'IgnoreOnIsolate=yes',
    `BindsTo=${unit}`,
    `After=${unit} systemd-journald.socket`,
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    // --follow shows only the last ten entries unless told otherwise; without --all long fields come as null.
    `ExecStart=/usr/bin/journalctl --quiet --boot --no-tail --follow --all --output=json --output-fields=${FIELDS.join(',')}`,
    `StandardOutput=file:${escapeSpecifiers(device)}`,
    'Restart=always',
    'RestartSec=1',
    'Nice=10',
    'CPUWeight=10',
    '',
    '[Install]',
    'WantedBy=sysinit.target',
    '',
  ]
  return { units: [{ name: JOURNAL_UNIT, enabled: true, contents: contents.join('\n') }] }
}

/** systemd-escape --path: the name of the unit that stands for a path (systemd.unit(5), "String escaping"). */
export function escapePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.length === 0) return '-'
  return parts
    .map((part, at) => {
      const escaped = [...Buffer.from(part)].map((byte) => escapeByte(byte)).join('')
      return at === 0 && escaped.startsWith('.') ? `\\x2e${escaped.slice(1)}` : escaped
    })
    .join('-')
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte)
  return /[A-Za-z0-9:_.]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`
}

function escapeSpecifiers(path: string): string {
  return path.replaceAll('%', '%%')
}
