// SSH to machines: keys, connections, commands, files, and sessions that live through reboots.

export { loadSshKey, type SshKey } from './keys.ts'
export { connectSsh, type ConnectOptions, type EndpointSource, type SshConnection } from './connection.ts'
export { waitForSsh, type WaitForSshOptions } from './wait-ready.ts'
export { exec, run, type ExecOptions, type OnChunk } from './exec.ts'
export { SshSession, type FirstConnect, type SessionOptions } from './session.ts'
export type { Rebooted, RebootHow, RebootOptions } from './reboot.ts'
export {
  download,
  downloadTo,
  upload,
  type DownloadOptions,
  type UploadOptions,
  type UploadSource,
} from './transfer.ts'
export { CommandError, type CommandOutcome } from './outcome.ts'
export { quoteWord, showCommand, type Command } from './quote.ts'
export { hostKeyFingerprint } from './host-key.ts'
export { Slots } from './slots.ts'
