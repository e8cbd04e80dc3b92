// A tiny x86 boot disk that speaks on the first serial port and then does one thing: proof that a QEMU boots,
// without any operating system. The driver's own tests, the platform contract and `doctor` boot it.

/**
 * What the sector does after its text. `button` powers off when the ACPI power button is pressed; `fill` writes the
 * whole disk from 64 KiB on.
 */
export type BootDiskEnd = 'halt' | 'poweroff' | 'button' | 'reboot' | 'panic' | 'flood' | 'fill'

const ORIGIN = 0x7c00
// SeaBIOS does not read from a disk of one sector.
const DISK_BYTES = 1024 * 1024

/**
 * The bytes of a bootable disk for machine type q35 with BIOS. Text is printed as Latin-1, at most 400 characters;
 * `flood` prints it for ever, `reboot` resets after it, `panic` reports a guest panic through pvpanic (port 0x505).
 */
export function bootDisk(text: string, end: BootDiskEnd): Uint8Array<ArrayBuffer> {
  const prologue = [0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfc] // cli; ds = ss = 0; sp; cld
  const print = [
    [0xac], // next: lodsb
    [0x84, 0xc0, 0x74, 0x11], // test al, al; jz done
    [0x88, 0xc3, 0xba, 0xfd, 0x03], // mov bl, al; mov dx, 0x3fd (line status)
    [0xec, 0xa8, 0x20, 0x74, 0xfb], // wait: in al, dx; test al, 0x20; jz wait
    [0x88, 0xd8, 0xb2, 0xf8, 0xee, 0xeb, 0xea], // mov al, bl; mov dl, 0xf8; out dx, al; jmp next
  ].flat()
  const loadText = 3
  const codeLength = prologue.length + loadText + print.length
  const tail = ending(end, codeLength - prologue.length)
  const textAt = ORIGIN + codeLength + tail.length
  const code = [...prologue, 0xbe, textAt & 0xff, textAt >> 8, ...print, ...tail]
  const disk = new Uint8Array(DISK_BYTES)
  const bytes = Buffer.from(text, 'latin1')
  if (code.length + bytes.length + 1 > 510) throw new RangeError('the text does not fit in a boot sector')
  disk.set(code)
  disk.set(bytes, code.length)
  disk.set([0x55, 0xaa], 510)
  return disk
}

const HALT = [0xfa, 0xf4, 0xeb, 0xfc] // cli; hlt; jmp

function ending(end: BootDiskEnd, backToText: number): readonly number[] {
  switch (end) {
    case 'halt':
      return HALT
    case 'poweroff':
      return [...SLEEP_S5, ...HALT]
    case 'button':
      return [
        [0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef], // PM1a_EN at 0x602: power button
        [0xba, 0x00, 0x06], // mov dx, PM1a_STS
        [0xfb, 0xf4, 0xed, 0xf6, 0xc4, 0x01, 0x74, 0xf8], // sti; hlt; in ax, dx; test ah, 1; jz
        SLEEP_S5,
        HALT,
      ].flat()
    case 'reboot':
      return [0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, ...HALT] // port 0xcf9: full reset
    case 'panic':
      return [0xba, 0x05, 0x05, 0xb0, 0x01, 0xee, ...HALT]
    case 'fill':
      return [
        [0xfb, 0xbe, 0x00, 0x06], // sti; mov si, 0x600: a disk address packet
        [0xc7, 0x04, 0x10, 0x00, 0xc7, 0x44, 0x02, 0x40, 0x00], // its size; 64 sectors
        [0xc7, 0x44, 0x04, 0x00, 0x80, 0xc7, 0x44, 0x06, 0x00, 0x00], // from memory at 0:0x8000
        [0xc7, 0x44, 0x08, 0x80, 0x00, 0xc7, 0x44, 0x0a, 0x00, 0x00], // to sector 128
        [0xc7, 0x44, 0x0c, 0x00, 0x00, 0xc7, 0x44, 0x0e, 0x00, 0x00],
        [0xb8, 0x00, 0x43, 0xb2, 0x80, 0xcd, 0x13], // next: extended write on the first disk
        [0x72, 0x0a], // jc halt
        [0x83, 0x44, 0x08, 0x40, 0x83, 0x54, 0x0a, 0x00], // 64 sectors on
        [0xeb, 0xed], // jmp next
        HALT,
      ].flat()
    case 'flood':
      return [0xeb, 0x100 - (backToText + 2)]
    default:
      return end satisfies never
  }
}

// PM1a_CNT at 0x604, where SeaBIOS puts it on q35: sleep type 0 (S5) and SLP_EN.
const SLEEP_S5: readonly number[] = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef]
