// Checks the services of a config.

import { dirname, resolve } from 'node:path'
import type { Ready } from '../../services/ready.ts'
import type { ServiceSpec } from '../../services/service.ts'
import { checkName, isObject, isTexts, onlyKeys, wrongValue } from './complaints.ts'

const keys = ['command', 'ready', 'readyTimeoutSeconds', 'env', 'cwd']

/** The services in their order. */
export function checkServices(path: string, services: unknown): readonly ServiceSpec[] {
  if (services === undefined) return []
  if (!isObject(services)) throw wrongValue(path, '"services"', services, 'an object of services by name')
  return Object.entries(services).map(([name, service]) => checkService(path, name, service))
}

function checkService(path: string, name: string, service: unknown): ServiceSpec {
  checkName(path, name, 'service')
  const at = `services.${name}`
  if (!isObject(service)) throw wrongValue(path, `"${at}"`, service, 'an object')
  onlyKeys(path, `${at}.`, service, keys)
  const { command, ready, readyTimeoutSeconds = 60, env = {}, cwd = '.' } = service
  if (!isCommand(command)) {
    const expected = 'a program and its arguments: ["node", "server.mjs"]'
    throw wrongValue(path, `"${at}.command"`, command, expected)
  }
  if (typeof readyTimeoutSeconds !== 'number' || !(readyTimeoutSeconds > 0 && readyTimeoutSeconds <= 86_400))
    throw wrongValue(
      path,
      `"${at}.readyTimeoutSeconds"`,
      readyTimeoutSeconds,
      'a number of seconds up to 86400',
    )
  if (!isEnvironment(env))
    // Never shown: it may hold a secret.
    throw wrongValue(path, `"${at}.env"`, undefined, 'an object of strings')
  if (typeof cwd !== 'string') throw wrongValue(path, `"${at}.cwd"`, cwd, 'a string')
  return {
    name,
    command,
    ready: checkReady(path, `${at}.ready`, ready),
    readyTimeoutMs: readyTimeoutSeconds * 1000,
    env,
    cwd: resolve(dirname(path), cwd),
  }
}

function checkReady(path: string, at: string, ready: unknown): Ready {
  if (ready === undefined) return { kind: 'started' }
  const expected = 'one of { url }, { port } and { line }'
  if (!isObject(ready)) throw wrongValue(path, `"${at}"`, ready, expected)
  onlyKeys(path, `${at}.`, ready, ['url', 'port', 'line'])
  const { url, port, line } = ready
  if (Object.keys(ready).length !== 1) throw wrongValue(path, `"${at}"`, ready, expected)
  if (url !== undefined) {
    if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url))
      throw wrongValue(path, `"${at}.url"`, url, 'an http or https URL')
    return { kind: 'url', url }
  }
  if (port !== undefined) {
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535)
      throw wrongValue(path, `"${at}.port"`, port, 'a port number')
    return { kind: 'port', port }
  }
  if (!(line instanceof RegExp) && (typeof line !== 'string' || line === ''))
    throw wrongValue(path, `"${at}.line"`, line, 'a text or a regular expression')
  return { kind: 'line', pattern: line }
}

function isCommand(value: unknown): value is readonly [string, ...string[]] {
  return isTexts(value) && value.length > 0 && value[0] !== ''
}

function isEnvironment(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
}
