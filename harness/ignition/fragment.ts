// What the harness itself adds to a machine's Ignition config, in a shape that fits spec 2.x and 3.x alike.

export interface FragmentFile {
  readonly path: string
  readonly text: string
  /** As in chmod: `0o644`. */
  readonly mode: number
}

export interface FragmentUnit {
  readonly name: string
  readonly contents?: string
  readonly enabled?: boolean
  readonly mask?: boolean
}

/** Files replace what the image has at their path. */
export interface IgnitionFragment {
  readonly files?: readonly FragmentFile[]
  readonly units?: readonly FragmentUnit[]
  readonly sshKeys?: readonly { readonly user: string; readonly publicKeys: readonly string[] }[]
}

/** All fragments as one; entries stay in order. */
export function joinFragments(fragments: readonly IgnitionFragment[]): Required<IgnitionFragment> {
  return {
    files: fragments.flatMap((fragment) => fragment.files ?? []),
    units: fragments.flatMap((fragment) => fragment.units ?? []),
    sshKeys: fragments.flatMap((fragment) => fragment.sshKeys ?? []),
  }
}

/** Text or bytes as a `data:` URL (RFC 2397), base64, which every Ignition version reads. */
export function dataUrl(content: string): string {
  return `data:;base64,${Buffer.from(content).toString('base64')}`
}
