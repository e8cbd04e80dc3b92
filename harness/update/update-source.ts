// Where a machine shall look for updates.

/** An OpenPGP public key, as `gpg --export` writes it; binary. */
export type SigningKey = Uint8Array

export interface UpdateSource {
  /** Of a folder with SHA256SUMS and the files (systemd-sysupdate). Ends with a slash. */
  readonly directoryUrl: string
  /** Of an Omaha server: updates for update_engine, and what became of them for both. */
  readonly omahaUrl: string
  /** The channel that is asked for. */
  readonly group: string
  /** Whose signature SHA256SUMS must have; without one the client checks no signature. */
  readonly signingKey?: SigningKey
}
