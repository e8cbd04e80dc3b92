// `signalbox gate keygen NAME`: a pair of keys.

import { generateKeys, keyIdOf, readPublicKey } from '../../../../reports/gate/index.ts'
import { writeNew } from '../../gate-flags.ts'

/** The action of `gate keygen <name>`. */
export async function gateKeygen(_: unknown, positional: readonly unknown[]): Promise<number> {
  const [name] = positional as readonly [string]
  const { privateKey, publicKey } = generateKeys()
  await writeNew(`${name}.pem`, privateKey, { mode: 0o600 })
  await writeNew(`${name}.pub`, publicKey)
  const id = keyIdOf(readPublicKey(publicKey, `${name}.pub`))
  process.stdout.write(
    `${name}.pem  the private key: keep it to yourself\n${name}.pub  the public key, for policies and "gate verify --key" (${id.slice(0, 12)})\n`,
  )
  return 0
}
