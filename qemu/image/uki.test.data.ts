// A stub for tests that put UKIs together.

/** A minimal PE32+ file with one section and room for `room` more headers. */
export function makeStub(room: number): Uint8Array {
  const sectionTable = 0x80 + 4 + 20 + 112
  const headers = Math.ceil((sectionTable + (1 + room) * 40) / 512) * 512
  const file = Buffer.alloc(headers + 512)
  file.write('MZ')
  file.writeUInt32LE(0x80, 0x3c)
  file.write('PE\0\0', 0x80, 'latin1')
  file.writeUInt16LE(1, 0x84 + 2)
  file.writeUInt16LE(112, 0x84 + 16)
  const optional = 0x84 + 20
  file.writeUInt32LE(4096, optional + 32)
  file.writeUInt32LE(512, optional + 36)
  file.writeUInt32LE(sectionTable + (1 + room) * 40, optional + 60)
  file.write('.text', sectionTable, 'latin1')
  file.writeUInt32LE(100, sectionTable + 8)
  file.writeUInt32LE(4096, sectionTable + 12)
  file.writeUInt32LE(512, sectionTable + 16)
  file.writeUInt32LE(headers, sectionTable + 20)
  return file
}
