// The unit that copies the guest's journal to a character device (a virtio-serial port), from early in the boot on, so
// that there is a journal even when SSH never answers.

import type { IgnitionFragment } from './fragment.ts'

/** Fields that the checks and reports read; journalctl adds cursor, times and boot id itself. */
const FIELDS = ['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', 'UNIT', '_PID', '_TRANSPORT']

// --follow shows only the last ten entries unless told otherwise; without --all long fields come as null.
const JOURNALCTL = `/usr/bin/journalctl --quiet --boot --no-tail --follow --all --output=json --output-fields=${FIELDS.join(',')}`

// journalctl watches the folders that are there when it starts. On a first boot that is the one in /run alone, and when the
// journal has moved to /var it would wait there for ever: it is started anew then, and what comes twice is passed over.
const COPY = [
  'until test -c "$$0"; do sleep 1; done',
  'read -r id </etc/machine-id',
  'f=$$id/system.journal',
  'if ! test -e /var/log/journal/$$f; then "$$@" >"$$0" & p=$$!',
  'until test -e /var/log/journal/$$f && ! test -e /run/log/journal/$$f; do sleep 1; kill -0 $$p || exit 1; done',
  'kill $$p; wait $$p; exec "$$@" --since=-20s >"$$0"; fi',
  'exec "$$@" >"$$0"',
].join('; ')

export const JOURNAL_UNIT = 'signalbox-journal.service'

/** The unit as a fragment; `device` is an absolute path in the guest. */
export function journalUnit(device: string): IgnitionFragment {
  const contents = [
    '[Unit]',
    'Description=Copy the journal to the test harness',
    // Starts before sysinit.target, which does not wait for it, and goes on through an emergency and a shutdown.
    'DefaultDependencies=no',
    'IgnoreOnIsolate=yes',
    'After=systemd-journald.socket',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    // No dependency on the .device unit: that one waits for udev's coldplug, which takes a large part of an emulated
    // boot, while the initrd's udev has most often made the link already; and without a device nothing fails.
    `ExecStart=/bin/sh -c '${COPY}' ${quoteExecWord(device)} ${JOURNALCTL}`,
    'Restart=always',
    'RestartSec=1',
    'TimeoutStopSec=5',
    'Nice=10',
    'CPUWeight=10',
    '',
    '[Install]',
    'WantedBy=sysinit.target',
    '',
  ]
  return { units: [{ name: JOURNAL_UNIT, enabled: true, contents: contents.join('\n') }] }
}

/** One word of an ExecStart= line (systemd.service(5), "Command lines"). */
export function quoteExecWord(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
  return `"${escaped}"`
}
