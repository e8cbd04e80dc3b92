// A WebAssembly module by hand, so that no compiler is needed: it prints a text through WASI and exits with a status.
// https://webassembly.github.io/spec/core/binary/modules.html

/** Unsigned LEB128. */
function size(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...size(value >>> 7)]
}

/** Signed LEB128 of a number that is not negative: the sixth bit of the last byte is the sign. */
function signed(value: number): readonly number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]
}

const name = (text: string): readonly number[] => {
  const bytes = [...Buffer.from(text)]
  return [...size(bytes.length), ...bytes]
}
const list = (items: readonly (readonly number[])[]): readonly number[] => [
  ...size(items.length),
  ...items.flat(),
]
const section = (id: number, content: readonly number[]): readonly number[] => [
  id,
  ...size(content.length),
  ...content,
]

const I32 = 0x7f
const number = (value: number): readonly number[] => [0x41, ...signed(value)]
const UNREACHABLE = 0x00
const call = (index: number): readonly number[] => [0x10, index]
const WASI = 'wasi_snapshot_preview1'
const imported = (what: string, type: number): readonly number[] => [...name(WASI), ...name(what), 0x00, type]

/** The bytes of the module. `ending` is its status, 0 to 125 as for any program, or that it traps instead. */
export function helloModule(text: string, ending: number | 'trap'): Uint8Array {
  const message = [...Buffer.from(text)]
  // At 0 what fd_write is to write: where the text begins, and how long it is. At 8 it leaves how much it wrote.
  const vector = [16, 0, 0, 0, message.length & 0xff, message.length >>> 8, 0, 0]
  const end = ending === 'trap' ? [UNREACHABLE] : [...number(ending), ...call(1)]
  const body = [0x00, ...[1, 0, 1, 8].flatMap(number), ...call(0), 0x1a, ...end, 0x0b]
  const data = [...vector, 0, 0, 0, 0, 0, 0, 0, 0, ...message]
  return Uint8Array.from([
    ...Buffer.from('\0asm\x01\0\0\0', 'latin1'),
    // Types: fd_write(i32, i32, i32, i32) -> i32; proc_exit(i32); _start().
    ...section(
      1,
      list([
        [0x60, 4, I32, I32, I32, I32, 1, I32],
        [0x60, 1, I32, 0],
        [0x60, 0, 0],
      ]),
    ),
    ...section(2, list([imported('fd_write', 0), imported('proc_exit', 1)])),
    ...section(3, list([[2]])),
    // One page of memory.
    ...section(5, list([[0x00, 1]])),
    ...section(
      7,
      list([
        [...name('memory'), 0x02, 0],
        [...name('_start'), 0x00, 2],
      ]),
    ),
    ...section(10, list([[...size(body.length), ...body]])),
    ...section(11, list([[0x00, ...number(0), 0x0b, ...size(data.length), ...data]])),
  ])
}
