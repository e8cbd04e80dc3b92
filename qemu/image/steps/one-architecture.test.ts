import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requireOneArchitecture } from './one-architecture.ts'

function elf(machine: number): Buffer {
  const header = Buffer.alloc(64)
  header.write('\u007FELF\u0002\u0001\u0001', 'latin1')
  header.writeUInt16LE(machine, 18)
  return header
}

test('a program of the host that was left in the tree is found, and named', async () => {
  const tree = await mkdtemp(join(tmpdir(), 'signalbox-tree-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(tree, { recursive: true }))
  await mkdir(join(tree, 'usr/lib/systemd'), { recursive: true })
  await writeFile(join(tree, 'usr/lib/systemd/systemd'), elf(183))
  await writeFile(join(tree, 'usr/lib/filter.o'), elf(247))
  await writeFile(join(tree, 'usr/lib/script'), '#!/bin/sh\n')
  await writeFile(join(tree, 'usr/lib/short'), '\u007FELF')
  await symlink('/nowhere', join(tree, 'usr/lib/dangling'))
  await requireOneArchitecture({ tree, architecture: 'arm64' })
  await writeFile(join(tree, 'usr/lib/systemd/semodule'), elf(62))
  const refusal = requireOneArchitecture({ tree, architecture: 'arm64' })
  await expect(refusal).rejects.toThrow('for arm64, but not all of it: /usr/lib/systemd/semodule')
  await expect(refusal).rejects.toMatchObject({ code: 'image-verification' })
})
