// What everything of an opened AWS platform has in common.

import type { OpenOptions } from '../../harness/machine.ts'
import type { Aws } from './clients.ts'
import type { Spending } from './prices.ts'
import type { AwsConfig } from './settings.ts'

export interface AwsContext {
  readonly aws: Aws
  readonly config: AwsConfig
  readonly run: string
  readonly emit: OpenOptions['emit']
  readonly spending: Spending
}
