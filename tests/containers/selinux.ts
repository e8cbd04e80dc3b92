// SELinux labels of containers: each is confined, and what it may see of the machine has to be labelled for it.

import { expect, test, type Machine } from '../../harness/index.ts'
import { denials } from '../security/denials.ts'
import { BUSYBOX, importImage, type Engine } from './image.ts'
import { configureDocker, dockerRequirements, engine, podmanRequirements, prepareDocker } from './prepared.ts'

const sudo = { sudo: true } as const

/** Runs a command in a container that has the machine's /srv/data as /data; true when it succeeds. */
async function succeeds(
  machine: Machine,
  name: Engine,
  mount: string,
  command: readonly string[],
): Promise<boolean> {
  const run = [name, 'run', '--rm', `--volume=/srv/data:/data${mount}`, BUSYBOX]
  return (await machine.exec([...run, ...command], sudo)).exitCode === 0
}

/** The text goes nowhere: exit statuses tell. */
const mayRead = async (machine: Machine, name: Engine, mount: string): Promise<boolean> =>
  await succeeds(machine, name, mount, ['grep', '-q', 'text', '/data/file'])

const mayWrite = async (machine: Machine, name: Engine, mount: string): Promise<boolean> =>
  await succeeds(machine, name, mount, ['sh', '-c', 'echo world > /data/hello'])

/** `type`: what the engine may label anew; without one, anything. */
async function expectConfined(machine: Machine, name: Engine, type?: string): Promise<void> {
  await machine.run('mkdir /srv/data; echo text > /srv/data/file', sudo)
  const label = async (): Promise<string> => await machine.run(['stat', '--format=%C', '/srv/data/file'])
  expect(await label()).toContain(':var_t:')
  expect(await mayRead(machine, name, '')).toBe(true)
  await machine.run(['/usr/sbin/setenforce', '1'], sudo)
  expect(await mayRead(machine, name, '')).toBe(false)
  // The container itself, or already the engine that would mount the folder; and nothing else was denied.
  const denial =
    /avc: +denied +\{ \w+ \}.*scontext=system_u:system_r:(?:container_t|dockerd_t):\S+ tcontext=\S+:var_t:.*permissive=0/
  await machine.journal.waitFor(denial)
  // But for the pipes of who called podman, which its container inherits.
  const enforced = (await denials(machine)).filter(
    (line) => line.includes('permissive=0') && !line.includes('tclass=fifo_file'),
  )
  expect(enforced).toEqual([expect.stringMatching(denial)])
  expect(await mayWrite(machine, name, '')).toBe(false)
  if (type !== undefined) await machine.run(['chcon', '--recursive', `--type=${type}`, '/srv/data'], sudo)
  // Shared by all containers: no categories.
  expect(await mayRead(machine, name, ':z')).toBe(true)
  expect(await label()).toBe('system_u:object_r:container_file_t:s0')
  expect(await mayWrite(machine, name, ':z')).toBe(true)
  await expect(machine).toHaveFile('/srv/data/hello', { content: 'world\n' })
  // Private: the categories of one container, and the next one has others.
  expect(await mayRead(machine, name, ':Z')).toBe(true)
  expect(await label()).toMatch(/^system_u:object_r:container_file_t:s0:c\d+,c\d+$/)
  expect(await mayRead(machine, name, '')).toBe(false)
}

const requirements = { expectedMessages: ['selinux.avc-denied'], timeoutMs: 90_000 } as const

test(
  'podman.selinux',
  {
    ...podmanRequirements,
    ...requirements,
    description:
      'Enforcing, a podman container reads and writes a folder of the machine only when it was labelled for it.',
  },
  async ({ machine }) => {
    await importImage(machine)
    await expectConfined(machine, 'podman')
    // Two containers are apart from each other, too.
    const podman = engine(machine, 'podman')
    const labels: string[] = []
    for (const name of ['one', 'two']) {
      await podman(['run', '--detach', `--name=${name}`, BUSYBOX, 'sleep', '600'])
      const pid = await podman(['inspect', '--format={{.State.Pid}}', name])
      labels.push(await machine.run(['ps', '--no-headers', '--format=label', '--pid', pid.trim()]))
    }
    for (const label of labels) expect(label).toMatch(/^system_u:system_r:container_t:s0:c\d+,c\d+/)
    expect(labels[0]).not.toBe(labels[1])
  },
)

test(
  'docker.selinux',
  {
    ...dockerRequirements,
    ...requirements,
    description:
      'Enforcing, a docker container reads and writes a folder of the machine only when it was labelled for it.',
    aliases: ['docker.selinux'],
  },
  async ({ machine }) => {
    await configureDocker(machine, { 'selinux-enabled': true })
    await prepareDocker(machine)
    expect(await engine(machine, 'docker')(['info', '--format={{.SecurityOptions}}'])).toContain(
      'name=selinux',
    )
    // Debian's policy confines the daemon as well: to what is its own.
    await expectConfined(machine, 'docker', 'container_var_lib_t')
  },
)
