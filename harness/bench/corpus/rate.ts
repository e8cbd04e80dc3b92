// Fifty tests that do next to nothing, each on a machine of its own.

import { test } from '../../index.ts'

for (let number = 1; number <= 50; number += 1) {
  test(`rate.trivial-${String(number).padStart(2, '0')}`, async ({ machine }) => {
    await machine.run('true')
  })
}
