// The QEMU command line as a pure function of the machine's config. Order is fixed, so that two equal configs give
// equal command lines; golden tests compare them whole.

import { bootArguments, machineType } from './boot-arguments.ts'
import type { ChannelConfig, FwCfgFile, MachineConfig } from './machine-config.ts'
import { bootIndexes, diskArguments } from './disk-arguments.ts'
import { CARD, PRIVATE_CARD, sparePortArguments } from './hot-plug.ts'
import { memoryArguments } from './memory-arguments.ts'
import { AGENT_PORT, CALLS_PORT, JOURNAL_PORT } from './machine-config.ts'
import { option } from './option-value.ts'

/** The arguments after the program's name. Throws UsageError for what no QEMU can boot (BIOS on arm64 and riscv64). */
export function machineArguments(config: MachineConfig): readonly string[] {
  return [
    ['-name', option('', { guest: config.name, 'debug-threads': true })],
    ['-uuid', config.uuid],
    ['-no-user-config', '-nodefaults', '-display', 'none'],
    ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ['-machine', machineType(config)],
    ['-accel', accelerator(config)],
    ['-cpu', config.cpuModel],
    ['-smp', option('', { cpus: config.cpus, sockets: config.numaNodes })],
    ['-m', `size=${config.memoryMiB}M`],
    memoryArguments(config),
    ['-rtc', 'base=utc'],
    ['-action', option('', { panic: 'none', reboot: config.onReboot === 'exit' ? 'shutdown' : 'reset' })],
    bootArguments(config),
    channel('qmp', config.channels.qmp),
    ['-mon', 'chardev=qmp,mode=control'],
    channel('console', config.channels.console),
    ['-serial', 'chardev:console'],
    ['-device', 'virtio-serial-pci,id=virtio-serial0'],
    channel('journal', config.channels.journal),
    ['-device', option('virtserialport', { chardev: 'journal', name: JOURNAL_PORT })],
    channel('agent', config.channels.agent),
    ['-device', option('virtserialport', { chardev: 'agent', name: AGENT_PORT })],
    channel('calls', config.channels.calls),
    ['-device', option('virtserialport', { chardev: 'calls', name: CALLS_PORT })],
    diskArguments(config),
    network(config),
    privateNetwork(config),
    ['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-pci,rng=rng0'],
    panicDevice(config),
    tpm(config),
    sparePortArguments(),
    cardInPort(config),
    config.fwCfg.flatMap((file) => ['-fw_cfg', fwCfg(file)]),
    config.oemStrings.flatMap((value) => ['-smbios', option('type=11', { value })]),
    config.start === 'incoming' ? ['-incoming', 'defer'] : [],
  ].flat()
}

function accelerator({ accelerator: accel }: MachineConfig): string {
  switch (accel.kind) {
    case 'kvm':
      return 'kvm'
    case 'tcg':
      return option('tcg', { thread: accel.threads, 'tb-size': accel.translationCacheMiB })
    default:
      return accel satisfies never
  }
}

function channel(id: string, config: ChannelConfig): readonly string[] {
  switch (config.kind) {
    case 'inherited':
      return ['-chardev', option('socket', { id, fd: config.fd, ...log(config.logFile) })]
    case 'listen':
      return ['-chardev', option('socket', { id, path: config.path, server: true, wait: false })]
    default:
      return config satisfies never
  }
}

function log(logfile: string | undefined): Readonly<Record<string, string | boolean>> {
  return logfile === undefined ? {} : { logfile, logappend: true }
}

function network(config: MachineConfig): readonly string[] {
  const { network: net } = config
  if (net === undefined) return []
  const { sshPort, ipv6, boot } = net
  const offered = boot === undefined ? {} : { tftp: boot.folder, bootfile: boot.file }
  return [
    '-netdev',
    option('user', { id: 'net0', ipv6, hostfwd: `tcp:127.0.0.1:${sshPort}-:22`, ...offered }),
    '-device',
    option('virtio-net-pci', { netdev: 'net0', ...CARD, bootindex: bootIndexes(config)('network') }),
  ]
}

function privateNetwork({ privateNetwork: net }: MachineConfig): readonly string[] {
  if (net === undefined) return []
  const { fd, mac, card = 'slot' } = net
  const backend = ['-netdev', option('stream', { id: 'net1', 'addr.type': 'fd', 'addr.str': fd })]
  if (card !== 'slot') return backend
  return [...backend, '-device', option('virtio-net-pci', { netdev: 'net1', mac, ...CARD })]
}

function fwCfg(file: FwCfgFile): string {
  const { name } = file
  return option('', 'text' in file ? { name, string: file.text } : { name, file: file.path })
}

// As `device_add` makes it, so that a state saved with the one is loaded into the other.
function cardInPort({ privateNetwork: net }: MachineConfig): readonly string[] {
  if (net?.card !== 'port') return []
  const { driver, ...values } = PRIVATE_CARD
  return ['-device', option(driver, { ...values, mac: net.mac })]
}

function panicDevice({ architecture }: MachineConfig): readonly string[] {
  switch (architecture) {
    case 'x86_64':
      return ['-device', 'pvpanic', '-device', 'vmgenid,guid=auto']
    case 'arm64':
      return ['-device', 'pvpanic-pci']
    case 'riscv64':
      // Debian's kernel for it has no driver of pvpanic.
      return []
    default:
      return architecture satisfies never
  }
}

function tpm({ tpmSocket, architecture }: MachineConfig): readonly string[] {
  if (tpmSocket === undefined) return []
  return [
    ['-chardev', option('socket', { id: 'tpm', path: tpmSocket })],
    ['-tpmdev', 'emulator,id=tpm0,chardev=tpm'],
    ['-device', architecture === 'x86_64' ? 'tpm-crb,tpmdev=tpm0' : 'tpm-tis-device,tpmdev=tpm0'],
  ].flat()
}
