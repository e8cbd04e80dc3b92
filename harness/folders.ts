// The user's folders, after the XDG base directory specification: what is cached and what is state.

import { homedir } from 'node:os'
import { join } from 'node:path'

/** `$SIGNALBOX_CACHE`, else `$XDG_CACHE_HOME/signalbox`, else `~/.cache/signalbox`. Images, keys, probes, durations. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['SIGNALBOX_CACHE']) return env['SIGNALBOX_CACHE']
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'signalbox')
}

/** Where machines live while they run: short paths (a UNIX socket path holds 107 bytes), one folder a machine. */
export function runtimeFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['SIGNALBOX_RUNTIME']) return env['SIGNALBOX_RUNTIME']
  if (env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'signalbox')
  return `/tmp/signalbox-${process.getuid?.() ?? 0}`
}
