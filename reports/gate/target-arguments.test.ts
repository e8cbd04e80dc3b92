// What of a run's arguments is kept to run other tests in the same way.

import { expect, it } from 'vitest'
import { targetArguments } from './target-arguments.ts'

it.each([
  ['a b', '', 'a b'],
  ['a -j 4 b --retries 2 --fail-fast c', '', 'a b c'],
  ['--image x.img a --distro flatcar', '--image x.img --distro flatcar', 'a'],
  ['--image=x.img -i y.img', '--image=x.img -i y.img', ''],
  ['a --tests one two --firmware uefi', '--tests one two --firmware uefi', 'a'],
  ['a --tag smoke slow -x', '', 'a'],
  ['--target qemu-* !b --json', '--target qemu-uefi', ''],
  ['--target=qemu-* a', '--target qemu-uefi', 'a'],
  ['a --last-failed x b --changed -j 2', '', 'a b'],
  ['a --shard 1/2 --repeat 5 --config c.ts', '--config c.ts', 'a'],
])('%s', (given, kept, globs) => {
  const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')
  expect(targetArguments(words(given), { target: 'qemu-uefi', isOneOfSeveral: false })).toEqual({
    targetArguments: words(kept),
    globs: words(globs),
  })
})

it('of a run on several targets its own is named', () => {
  expect(targetArguments(['a'], { target: 'qemu-uefi', isOneOfSeveral: true })).toEqual({
    targetArguments: ['--target', 'qemu-uefi'],
    globs: ['a'],
  })
})
