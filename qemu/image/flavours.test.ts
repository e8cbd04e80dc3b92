import { expect, test } from 'vitest'
import { flavourNames, flavourOf } from './flavours.ts'

// A test that asks for a filesystem may have Ignition make the root of it.
test.each(['btrfs', 'xfs'] as const)('whoever has %s can make one in its initrd', (feature) => {
  const having = flavourNames.filter((name) => flavourOf(name)?.features.includes(feature))
  expect(having).toContain('storage')
  for (const name of having) {
    expect(flavourOf(name)?.initrd?.files, name).toContain(`/usr/sbin/mkfs.${feature}`)
    expect(flavourOf(name)?.initrd?.modules, name).toContain(feature)
  }
})
