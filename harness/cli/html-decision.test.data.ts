// A decision of the gate for the browser tests: it holds, and says so in hostile words.

import type { Decision } from '../../reports/gate/index.ts'
import { payloads } from './hostile-payloads.test.data.ts'

export const decision: Decision = {
  schemaVersion: 1,
  decision: 'hold',
  summary: payloads.join(' '),
  channel: 'beta',
  digests: [],
  images: [],
  decidedAt: '2026-11-28T12:00:00.000Z',
  counts: { required: 2, notRequired: 0, satisfied: 1, waived: 0, attempts: 3 },
  rules: [],
  unsatisfied: [
    {
      kind: 'failed',
      effect: 'hold',
      rule: 'smoke',
      message: 'failed twice',
      test: 'update.resumes',
      target: 'qemu-arm64',
      redBefore: false,
      command: ['signalbox', 'run', 'update.resumes', '--image', 'an image.raw'],
    },
  ],
  waived: [],
  commands: [],
  waivers: [],
  notes: [],
  inputs: [],
}
