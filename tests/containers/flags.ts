// What `docker run` can be asked for, ten at once, and who owns the files of a container.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX } from './image.ts'
import { dockerRequirements, engine, prepareDocker } from './prepared.ts'

/**
 * Flags of `docker run`, and what a container that was started with them sees: cpu.weight, cpu.max and cpuset.mems of its cgroup,
 * and whether it can gain privileges. What cgroup v2 has no counterpart for docker leaves out, with a warning.
 */
const flags: Readonly<Record<string, RegExp>> = {
  '--cpu-shares=100': /^4 max 100000 /,
  '--cpu-period=1000 --cpu-quota=1000': /^100 1000 1000 /,
  '--cpuset-cpus=0': /^100 max 100000 /,
  '--cpuset-mems=0': /^100 max 100000 0 NoNewPrivs: 0$/,
  '--memory=50m': /^100 /,
  '--memory=50m --memory-reservation=50m': /^100 /,
  '--memory=50m --memory-swap=50m': /^100 /,
  '--memory=50m --memory-swappiness=50': /^100 /,
  '--memory=50m --oom-kill-disable=true': /^100 /,
  '--kernel-memory=10m': /^100 /,
  '--blkio-weight=10': /^100 /,
  '--shm-size=1m': /^100 /,
  '--security-opt=no-new-privileges': /NoNewPrivs: 1$/,
  '--security-opt=label=disable --security-opt=no-new-privileges': /NoNewPrivs: 1$/,
}

describe('docker', dockerRequirements, () => {
  test(
    'flags',
    {
      description:
        'Containers with every limit and option that docker takes start, ten at once, and have what was asked for.',
      aliases: ['docker.base'],
      timeoutMs: 180_000,
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const look = 'cd /sys/fs/cgroup; cat cpu.weight cpu.max cpuset.mems; grep NoNewPrivs /proc/self/status'
      const run = `seen=$(docker run --rm {} ${BUSYBOX} sh -c "${look}") && echo "{}": $seen`
      await machine.writeFile('/tmp/flags', `${Object.keys(flags).join('\n')}\n`)
      const { exitCode, stdout, stderr } = await machine.exec(
        ['xargs', '--arg-file=/tmp/flags', '--max-procs=10', '-I{}', 'sh', '-c', run],
        { sudo: true, timeoutMs: 120_000 * machine.slowness },
      )
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
      const seen = stdout.split('\n').map((line) => line.split(': ', 1)[0])
      expect(seen.toSorted()).toEqual(Object.keys(flags).toSorted())
      for (const [flag, expected] of Object.entries(flags)) {
        const line = stdout.split('\n').find((each) => each.startsWith(`${flag}: `))
        expect(line?.slice(flag.length + 2)).toMatch(expected)
      }
    },
  )

  test(
    'ownership',
    {
      description:
        'Who owns a file of a container is the same inside, in what docker exports of it, and in the images made of it.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const docker = engine(machine, 'docker')
      const write = 'mkdir /data && echo text > /data/file'
      await docker(['run', '--name=writer', BUSYBOX, 'sh', '-c', write])
      await docker(['commit', 'writer', 'written'])
      // Only the file's inode changes, so a filesystem of layers may leave its content in the layer below.
      const own = 'busybox chown 0:42 /data/file && chmod 640 /data/file'
      await docker(['run', '--name=owner', 'written', 'sh', '-c', own])
      await docker(['commit', 'owner', 'owned'])
      const inside = ['run', '--name=reader', 'owned', 'stat', '-c', '%a %u/%g', '/data/file']
      expect(await docker(inside)).toBe('640 0/42')
      for (const name of ['owner', 'reader']) {
        const exported = `docker export ${name} | tar --extract --to-stdout data/file
          docker export ${name} | tar --list --verbose --numeric-owner data/file`
        expect(await machine.run(exported, { sudo: true })).toMatch(
          /^text\n-rw-r----- 0\/42 +5 .* data\/file$/,
        )
      }
    },
  )
})
