// What a config fetches from S3: anybody's, the machine's own by its role, and older versions of an object. The bucket is kola's.

import { describe, expect, test } from '../../harness/index.ts'

const bucket = 's3://kola-fixtures'
const site = 'kola-fixtures.s3.eu-central-1.amazonaws.com'
const file = (name: string, source: string): object => ({
  path: `/var/resource/${name}`,
  contents: { source },
})

describe(
  'ignition.buckets',
  { firstBoot: true, surroundings: ['internet'], tags: ['internet'], timeoutMs: 120_000 },
  () => {
    test(
      'anonymous',
      {
        description: 'The same public object is fetched over HTTP, HTTPS and S3 without credentials.',
        aliases: ['coreos.ignition.resource.remote'],
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            files: [
              file('http', `http://${site}/resources/anonymous`),
              file('https', `https://${site}/resources/anonymous`),
              file('s3', `${bucket}/resources/anonymous`),
            ],
          },
        },
      },
      async ({ machine }) => {
        for (const name of ['http', 'https', 's3'])
          await expect.soft(machine).toHaveFile(`/var/resource/${name}`, {
            containing: /^kola-anonymous\s*$/,
          })
      },
    )

    test(
      'versions',
      {
        description: 'An object is fetched in the version that its address names.',
        aliases: ['coreos.ignition.resource.s3.versioned'],
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            files: [
              file('original', `https://${site}/resources/versioned?versionId=null`),
              file(
                'latest',
                `https://${site}/resources/versioned?versionId=kihPXL28M3YwRrU0Dbjie2Q.xFfmv8hi`,
              ),
            ],
          },
        },
      },
      async ({ machine }) => {
        await expect(machine).toHaveFile('/var/resource/original', { containing: /^original\s*$/ })
        await expect(machine).toHaveFile('/var/resource/latest', { containing: /^updated\s*$/ })
      },
    )

    test(
      'role',
      {
        description:
          "With the instance's role a private object and a private config are fetched; without credentials nobody gets them, but what is anybody's.",
        aliases: ['coreos.ignition.resource.s3'],
        platforms: ['aws'],
        ignition: {
          ignition: {
            version: '3.0.0',
            config: { merge: [{ source: `${bucket}/resources/authenticated-var-v3.ign` }] },
          },
          storage: { files: [file('private', `${bucket}/resources/authenticated`)] },
        },
      },
      async ({ machine }) => {
        await expect(machine).toHaveFile('/var/resource/private', {
          containing: /^kola-authenticated\s*$/,
        })
        // What the config from the bucket writes.
        await expect(machine).toHaveFile('/var/resource/s3-config', { containing: /^kola-config\s*$/ })
        for (const [object, code] of [
          ['authenticated', 403],
          ['authenticated.ign', 403],
          ['anonymous', 200],
        ] as const) {
          const options = ['--silent', '--output', '/dev/null', '--write-out', '%{http_code}']
          await expect.soft(machine).toRun(['curl', ...options, `https://${site}/resources/${object}`], {
            stdout: new RegExp(`^${code}$`),
            timeoutMs: 30_000,
          })
        }
      },
    )
  },
)
