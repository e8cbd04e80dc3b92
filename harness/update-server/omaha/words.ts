// The numbers of Omaha's events and what they mean (Google's "Omaha Protocol v3", and what go-omaha and update_engine send).

/** `<event eventtype="...">` by name. */
export const eventTypes = {
  unknown: 0,
  'download-complete': 1,
  'install-complete': 2,
  'update-complete': 3,
  uninstall: 4,
  'download-started': 5,
  'install-started': 6,
  'new-application-install-started': 9,
  'setup-started': 10,
  'setup-finished': 11,
  'update-application-started': 12,
  'update-download-started': 13,
  'update-download-finished': 14,
  'update-installer-started': 15,
  'setup-update-begin': 16,
  'setup-update-complete': 17,
  'register-product-complete': 20,
  'oem-install-first-check': 30,
  'app-specific-command-started': 40,
  'app-specific-command-ended': 41,
  'setup-failure': 100,
  'com-server-failure': 102,
  'setup-update-failure': 103,
} as const

/** `<event eventresult="...">` by name. */
export const eventResults = {
  error: 0,
  success: 1,
  'success-reboot': 2,
  'success-restart-browser': 3,
  cancelled: 4,
  'error-installer-msi': 5,
  'error-installer-other': 6,
  noupdate: 7,
  'error-installer-system': 8,
  'update-deferred': 9,
  'handoff-error': 10,
} as const

export type EventTypeName = keyof typeof eventTypes
export type EventResultName = keyof typeof eventResults

/** The name of a type, or the number as text. */
export function eventTypeText(type: number): string {
  return nameOf(eventTypes, type)
}

/** The name of a result, or the number as text. */
export function eventResultText(result: number): string {
  return nameOf(eventResults, result)
}

function nameOf(table: Readonly<Record<string, number>>, wanted: number): string {
  return Object.entries(table).find(([, number]) => number === wanted)?.[0] ?? `${wanted}`
}

/** `<app status="...">` of an answer. */
export type AppStatus =
  | 'ok'
  | 'restricted'
  | 'error-unknownApplication'
  | 'error-invalidAppId'
  | 'error-internal'

/** `<updatecheck status="...">` of an answer. */
export type UpdateCheckStatus =
  | 'ok'
  | 'noupdate'
  | 'error-osnotsupported'
  | 'error-unsupportedProtocol'
  | 'error-pluginRestrictedHost'
  | 'error-hash'
  | 'error-internal'
