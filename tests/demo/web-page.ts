// What a declarative OS is for: a few lines of config, and the machine serves a web page.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const page = '<!doctype html>\n<title>Signalbox</title>\n<h1>All signals green</h1>\n'

const service = `[Unit]
Description=A web page
Wants=network.target
After=network.target

[Service]
ExecStart=/usr/bin/busybox httpd -f -p 127.0.0.1:8080 -h /srv/www
DynamicUser=yes
Restart=on-failure

[Install]
WantedBy=multi-user.target
`

describe('demo', { exclusive: false }, () => {
  test(
    'web-page',
    {
      description: 'Two files and a unit from Ignition: the machine serves a page over HTTP.',
      tags: ['smoke'],
      distros: ['reference'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            { path: '/srv/www/index.html', mode: 0o644, contents: { source: dataUrl(page) } },
            { path: '/srv/www/status/index.html', mode: 0o644, contents: { source: dataUrl('ok\n') } },
          ],
        },
        systemd: { units: [{ name: 'web-page.service', enabled: true, contents: service }] },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('web-page.service')
      await expect(machine).toListenOn(8080)
      const get = ['curl', '--silent', '--show-error', '--fail', '--max-time', '60']
      const answer = await machine.exec([
        ...get,
        '--write-out',
        '%{http_code} %{content_type}',
        'http://127.0.0.1:8080/',
      ])
      expect(answer.exitCode).toBe(0)
      expect(answer.stdout).toBe(`${page}200 text/html`)
      await expect(machine).toRun([...get, 'http://127.0.0.1:8080/status/'], { stdout: /^ok$/ })
      // curl exits with 22 for an answer of 400 and above.
      await expect(machine).toRun([...get, 'http://127.0.0.1:8080/nothing'], { exitCode: 22 })
      const owner = await machine.run(['ps', '-o', 'user=', '-C', 'busybox'])
      expect(owner).not.toContain('root')
    },
  )
})
