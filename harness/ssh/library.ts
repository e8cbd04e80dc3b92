// ssh2, loaded with the first connection or key: commands that list or plan do not pay for it.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The library; the same each time. */
export const ssh2Library = (): typeof import('ssh2') => require('ssh2') as typeof import('ssh2')
