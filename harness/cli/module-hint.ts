// What to do about a file that Node takes for CommonJS, which is what "npm init" makes of a new project.

import { messageOf } from '../errors.ts'

/** A hint for an error of `import()`, or undefined when it is about something else. */
export function moduleHint(error: unknown): string | undefined {
  return /outside a module|Unexpected token 'export'/.test(messageOf(error))
    ? 'its package.json says that it is CommonJS: "npm pkg set type=module", or let its name end in .mts'
    : undefined
}
