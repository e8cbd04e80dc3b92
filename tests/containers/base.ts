// What holds for docker on any OS, with whatever unit it was started: its limits, its users, its network. Every function takes a
// machine whose docker runs and has the image.

import { expect, metric, type Machine } from '../../harness/index.ts'
import { releaseOf } from '../extensions/extension.ts'
import { BUSYBOX, type Engine } from './image.ts'
import { engine } from './prepared.ts'

const sudo = { sudo: true } as const

interface Info {
  readonly ServerVersion: string
  readonly Driver: string
  readonly CgroupDriver: string
  readonly SecurityOptions: readonly string[]
  readonly Runtimes: Readonly<Record<string, { readonly path?: string }>>
}

/** What docker is made of. Of the reference image all is known; Flatcar's versions differ. */
export async function expectInfo(machine: Machine): Promise<void> {
  const info = JSON.parse(await engine(machine, 'docker')(['info', '--format={{json .}}'])) as Info
  expect(info.Runtimes['runc']?.path).toMatch(/runc$/)
  if ((await releaseOf(machine)).ID === 'reference') {
    expect(info).toMatchObject({
      Driver: 'overlay2',
      CgroupDriver: 'systemd',
      CgroupVersion: '2',
      DefaultRuntime: 'runc',
      DockerRootDir: '/var/lib/docker',
      LiveRestoreEnabled: false,
      MemoryLimit: true,
      PidsLimit: true,
      SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
      Warnings: null,
    })
    return
  }
  // Since 29 docker leaves the layers to containerd.
  expect(info.Driver).toBe(Number.parseInt(info.ServerVersion, 10) >= 29 ? 'overlayfs' : 'overlay2')
  expect(['cgroupfs', 'systemd']).toContain(info.CgroupDriver)
  const security = info.SecurityOptions.map((each) => /^name=([^,]*)/.exec(each)?.[1])
  expect(security).toContain('seccomp')
  expect(['selinux', 'seccomp', 'cgroupns']).toEqual(expect.arrayContaining(security))
}

/** Limits are those of the container's cgroup, as started and as changed. */
export async function expectLimits(machine: Machine): Promise<void> {
  const docker = engine(machine, 'docker')
  const limits = [
    '--memory=48m',
    '--memory-swap=48m',
    '--memory-reservation=24m',
    '--cpus=0.5',
    '--cpuset-cpus=0',
    '--pids-limit=20',
    '--ulimit=nofile=100',
    '--shm-size=1m',
  ]
  await docker(['run', '--detach', '--name=box', ...limits, BUSYBOX, 'sleep', '1000000'])
  const files = ['memory.max', 'memory.swap.max', 'memory.low', 'cpu.max', 'cpuset.cpus', 'pids.max']
  const seen = async (): Promise<readonly string[]> =>
    (
      await docker([
        'exec',
        'box',
        'sh',
        '-c',
        `cd /sys/fs/cgroup && cat ${files.join(' ')}; ulimit -n; stat -f -c %b*%S /dev/shm`,
      ])
    ).split('\n')
  expect(await seen()).toEqual(['50331648', '0', '25165824', '50000 100000', '0', '20', '100', '256*4096'])
  await docker(['update', '--memory=64m', '--memory-swap=64m', '--pids-limit=30', 'box'])
  expect(await seen()).toEqual(['67108864', '0', '25165824', '50000 100000', '0', '30', '100', '256*4096'])
}

/** A plain user in a container has no capability, and may not look into a /root. */
export async function expectNoCapabilities(machine: Machine): Promise<void> {
  const look = ['run', '--rm', '--user=1000', BUSYBOX, 'grep', '^Cap[PE]', '/proc/self/status']
  const status = await engine(machine, 'docker')(look)
  expect(status.replaceAll(/\s+/g, ' ')).toBe('CapPrm: 0000000000000000 CapEff: 0000000000000000')
  // The /root of the container, and that of the machine (CVE-2016-8867).
  for (const options of [['--user=1000'], ['--user=1000:1000', '--volume=/root:/root']]) {
    const { exitCode, stderr } = await machine.exec(
      ['docker', 'run', '--rm', ...options, BUSYBOX, 'ls', '/root'],
      sudo,
    )
    // 1 says the ls of busybox, 2 that of GNU.
    expect([1, 2]).toContain(exitCode)
    expect(stderr).toMatch(/^ls: .*\/root.*: Permission denied$/m)
  }
}

/**
 * Flags of `docker run`, and what a container that was started with them sees: cpu.weight, cpu.max and cpuset.mems of its cgroup,
 * and whether it can gain privileges. What cgroup v2 has no counterpart for docker leaves out, with a warning.
 */
const flags: Readonly<Record<string, RegExp>> = {
  // 17 since runc 1.3.2: https://github.com/opencontainers/runc/issues/4896
  '--cpu-shares=100': /^(4|17) max 100000 /,
  '--cpu-period=1000 --cpu-quota=1000': /^100 1000 1000 /,
  '--cpuset-cpus=0': /^100 max 100000 /,
  '--cpuset-mems=0': /^100 max 100000 0 NoNewPrivs: 0$/,
  '--memory=50m': /^100 /,
  '--memory-reservation=10m': /^100 /,
  '--memory=50m --memory-reservation=50m': /^100 /,
  '--memory=50m --memory-swap=50m': /^100 /,
  '--memory-swappiness=50': /^100 /,
  '--memory=50m --memory-swappiness=50': /^100 /,
  '--memory=50m --oom-kill-disable=true': /^100 /,
  '--kernel-memory=10m': /^100 /,
  '--blkio-weight=10': /^100 /,
  '--shm-size=1m': /^100 /,
  '--security-opt=no-new-privileges': /NoNewPrivs: 1$/,
  '--security-opt=label=disable --security-opt=no-new-privileges': /NoNewPrivs: 1$/,
}

/** Containers with every flag run, ten at once, and have what was asked for. */
export async function expectFlags(machine: Machine): Promise<void> {
  const look = 'cd /sys/fs/cgroup; cat cpu.weight cpu.max cpuset.mems; grep NoNewPrivs /proc/self/status'
  const run = `seen=$(docker run --rm {} ${BUSYBOX} sh -c "${look}") && echo "{}": $seen`
  await machine.writeFile('/tmp/flags', `${Object.keys(flags).join('\n')}\n`)
  const { exitCode, stdout, stderr } = await machine.exec(
    ['xargs', '--arg-file=/tmp/flags', '--max-procs=10', '-I{}', 'sh', '-c', run],
    { ...sudo, timeoutMs: 120_000 * machine.slowness },
  )
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  const seen = stdout.split('\n').map((line) => line.split(': ', 1)[0])
  expect(seen.toSorted()).toEqual(Object.keys(flags).toSorted())
  for (const [flag, expected] of Object.entries(flags)) {
    const line = stdout.split('\n').find((each) => each.startsWith(`${flag}: `))
    expect(line?.slice(flag.length + 2)).toMatch(expected)
  }
}

/** Who owns a file of a container is the same inside, in an export of it, and in the images made of it. */
export async function expectOwnership(machine: Machine): Promise<void> {
  const docker = engine(machine, 'docker')
  const write = 'mkdir /data && echo text > /data/file'
  await docker(['run', '--name=writer', BUSYBOX, 'sh', '-c', write])
  await docker(['commit', 'writer', 'written'])
  // Only the file's inode changes, so a filesystem of layers may leave its content in the layer below.
  const own = 'chown 0:42 /data/file && chmod 640 /data/file'
  await docker(['run', '--name=owner', 'written', 'sh', '-c', own])
  await docker(['commit', 'owner', 'owned'])
  const inside = ['run', '--name=reader', 'owned', 'stat', '-c', '%a %u/%g', '/data/file']
  expect(await docker(inside)).toBe('640 0/42')
  for (const name of ['owner', 'reader']) {
    const exported = `docker export ${name} | tar --extract --to-stdout data/file
      docker export ${name} | tar --list --verbose --numeric-owner data/file`
    expect(await machine.run(exported, sudo)).toMatch(/^text\n-rw-r----- 0\/42 +5 .* data\/file$/)
  }
}

/** How many containers are run in a row. */
export const RUNS = 100

/** Containers in a row, each on the network of its own, each reach the host. */
export async function expectNetworksReliably(machine: Machine, name: Engine): Promise<void> {
  // What docker's containers may do suffices for a ping; podman's get one more capability.
  const [gateway, capability] = name === 'docker' ? ['172.17.0.1', ''] : ['10.88.0.1', '--cap-add=NET_RAW']
  const ping = `ping -c1 -W${Math.ceil(machine.slowness)} ${gateway}`
  const begin = performance.now()
  // One shell for all: what is counted is containers, not connections.
  const script = `n=0
    for i in $(seq ${RUNS}); do
      ${name} run --rm ${capability} ${BUSYBOX} ${ping} > /dev/null && n=$((n + 1))
    done
    echo $n`
  const reached = await machine.run(script, { ...sudo, timeoutMs: RUNS * 6_000 * machine.slowness })
  metric(`${name}.run`, (performance.now() - begin) / RUNS, 'ms')
  expect(Number(reached)).toBe(RUNS)
}
