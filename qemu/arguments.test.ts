// Golden tests: the whole command line, for the shapes that matter.

import { describe, expect, test } from 'vitest'
import { machineArguments } from './arguments.ts'
import { INHERITED_CHANNELS, PRIVATE_NETWORK_FD, type MachineConfig } from './machine-config.ts'

const direct: MachineConfig = {
  name: 'm0',
  uuid: '6f1c8a2e-0000-4000-8000-000000000001',
  binary: 'qemu-system-x86_64',
  architecture: 'x86_64',
  accelerator: { kind: 'tcg', threads: 'multi', translationCacheMiB: 512 },
  cpuModel: 'Nehalem',
  memoryMiB: 1024,
  start: 'boot',
  cpus: 2,
  boot: {
    firmware: 'direct',
    kernel: '/images/a,b/vmlinuz',
    initrd: '/images/initrd',
    commandLine: 'console=ttyS0 root=PARTLABEL=ROOT,x',
  },
  disks: [
    { path: '/m/primary,1.qcow2', format: 'qcow2', serial: 'primary-disk' },
    { path: '/m/data.raw', format: 'raw', serial: 'data' },
  ],
  fwCfg: [{ name: 'opt/com.coreos/config', path: '/m/config.ign' }],
  oemStrings: [],
  network: { sshPort: 0, ipv6: false },
  onReboot: 'exit',
  channels: INHERITED_CHANNELS,
}

describe('machineArguments', () => {
  test('x86-64, direct kernel boot under TCG', () => {
    expect(oneAnOption(machineArguments(direct))).toMatchInlineSnapshot(`
      "-name guest=m0,debug-threads=on
      -uuid 6f1c8a2e-0000-4000-8000-000000000001
      -no-user-config
      -nodefaults
      -display none
      -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
      -machine q35,smm=off,vmport=off,hpet=off,memory-backend=ram0
      -accel tcg,thread=multi,tb-size=512
      -cpu Nehalem
      -smp cpus=2
      -m size=1024M
      -object memory-backend-ram,id=ram0,size=1024M
      -rtc base=utc
      -action panic=none,reboot=shutdown
      -kernel /images/a,b/vmlinuz
      -initrd /images/initrd
      -append console=ttyS0 root=PARTLABEL=ROOT,x
      -chardev socket,id=qmp,fd=3
      -mon chardev=qmp,mode=control
      -chardev socket,id=console,fd=4
      -serial chardev:console
      -device virtio-serial-pci,id=virtio-serial0
      -chardev socket,id=journal,fd=5
      -device virtserialport,chardev=journal,name=com.signalbox.journal
      -chardev socket,id=agent,fd=6
      -device virtserialport,chardev=agent,name=com.signalbox.agent
      -chardev socket,id=calls,fd=7
      -device virtserialport,chardev=calls,name=com.signalbox.calls
      -blockdev driver=file,node-name=disk0-file,filename=/m/primary,,1.qcow2,discard=unmap,cache.no-flush=on
      -blockdev driver=qcow2,node-name=disk0,file=disk0-file,discard=unmap,cache.no-flush=on
      -device virtio-blk-pci,drive=disk0,serial=primary-disk,bootindex=1,werror=stop,rerror=stop
      -blockdev driver=file,node-name=disk1-file,filename=/m/data.raw,discard=unmap,cache.no-flush=on
      -blockdev driver=raw,node-name=disk1,file=disk1-file,discard=unmap,cache.no-flush=on
      -device virtio-blk-pci,drive=disk1,serial=data,werror=stop,rerror=stop
      -netdev user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22
      -device virtio-net-pci,netdev=net0,romfile=,guest_announce=off
      -object rng-builtin,id=rng0
      -device virtio-rng-pci,rng=rng0
      -device pvpanic
      -device vmgenid,guid=auto
      -device pcie-root-port,id=spare0,chassis=1,addr=1c.0,multifunction=on,io-reserve=0
      -device pcie-root-port,id=spare1,chassis=2,addr=1c.1,io-reserve=0
      -device pcie-root-port,id=spare2,chassis=3,addr=1c.2,io-reserve=0
      -device pcie-root-port,id=spare3,chassis=4,addr=1c.3,io-reserve=0
      -fw_cfg name=opt/com.coreos/config,file=/m/config.ign"
    `)
  })

  test('arm64, UEFI under KVM with a TPM and listening channels', () => {
    const config: MachineConfig = {
      ...direct,
      binary: 'qemu-system-aarch64',
      architecture: 'arm64',
      accelerator: { kind: 'kvm' },
      cpuModel: 'host',
      boot: { firmware: 'uefi', codePath: '/fw/AAVMF_CODE.fd', variablesPath: '/m/efi-vars.fd' },
      oemStrings: ['io.systemd.stub.kernel-cmdline-extra=a=1,2 b'],
      tpmSocket: '/m/tpm.sock',
      onReboot: 'restart',
      channels: {
        qmp: { kind: 'listen', path: '/m/qmp.sock' },
        console: { kind: 'listen', path: '/m/console.sock' },
        journal: { kind: 'listen', path: '/m/journal.sock' },
        agent: { kind: 'listen', path: '/m/agent.sock' },
        calls: { kind: 'listen', path: '/m/calls.sock' },
      },
    }
    expect(oneAnOption(machineArguments(config))).toMatchInlineSnapshot(`
      "-name guest=m0,debug-threads=on
      -uuid 6f1c8a2e-0000-4000-8000-000000000001
      -no-user-config
      -nodefaults
      -display none
      -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
      -machine virt,gic-version=max,pflash0=firmware-code,pflash1=firmware-vars,memory-backend=ram0
      -accel kvm
      -cpu host
      -smp cpus=2
      -m size=1024M
      -object memory-backend-ram,id=ram0,size=1024M
      -rtc base=utc
      -action panic=none,reboot=reset
      -blockdev driver=raw,node-name=firmware-code,read-only=on,file.driver=file,file.filename=/fw/AAVMF_CODE.fd
      -blockdev driver=raw,node-name=firmware-vars,read-only=off,file.driver=file,file.filename=/m/efi-vars.fd
      -boot strict=on
      -chardev socket,id=qmp,path=/m/qmp.sock,server=on,wait=off
      -mon chardev=qmp,mode=control
      -chardev socket,id=console,path=/m/console.sock,server=on,wait=off
      -serial chardev:console
      -device virtio-serial-pci,id=virtio-serial0
      -chardev socket,id=journal,path=/m/journal.sock,server=on,wait=off
      -device virtserialport,chardev=journal,name=com.signalbox.journal
      -chardev socket,id=agent,path=/m/agent.sock,server=on,wait=off
      -device virtserialport,chardev=agent,name=com.signalbox.agent
      -chardev socket,id=calls,path=/m/calls.sock,server=on,wait=off
      -device virtserialport,chardev=calls,name=com.signalbox.calls
      -blockdev driver=file,node-name=disk0-file,filename=/m/primary,,1.qcow2,discard=unmap,cache.no-flush=on
      -blockdev driver=qcow2,node-name=disk0,file=disk0-file,discard=unmap,cache.no-flush=on
      -device virtio-blk-pci,drive=disk0,serial=primary-disk,bootindex=1,werror=stop,rerror=stop
      -blockdev driver=file,node-name=disk1-file,filename=/m/data.raw,discard=unmap,cache.no-flush=on
      -blockdev driver=raw,node-name=disk1,file=disk1-file,discard=unmap,cache.no-flush=on
      -device virtio-blk-pci,drive=disk1,serial=data,werror=stop,rerror=stop
      -netdev user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22
      -device virtio-net-pci,netdev=net0,romfile=,guest_announce=off
      -object rng-builtin,id=rng0
      -device virtio-rng-pci,rng=rng0
      -device pvpanic-pci
      -chardev socket,id=tpm,path=/m/tpm.sock
      -tpmdev emulator,id=tpm0,chardev=tpm
      -device tpm-tis-device,tpmdev=tpm0
      -device pcie-root-port,id=spare0,chassis=1,addr=1c.0,multifunction=on,io-reserve=0
      -device pcie-root-port,id=spare1,chassis=2,addr=1c.1,io-reserve=0
      -device pcie-root-port,id=spare2,chassis=3,addr=1c.2,io-reserve=0
      -device pcie-root-port,id=spare3,chassis=4,addr=1c.3,io-reserve=0
      -fw_cfg name=opt/com.coreos/config,file=/m/config.ign
      -smbios type=11,value=io.systemd.stub.kernel-cmdline-extra=a=1,,2 b"
    `)
  })

  test('x86-64, secure boot: SMM and protected variables', () => {
    const { network: _, ...unplugged } = direct
    const config: MachineConfig = {
      ...unplugged,
      boot: { firmware: 'uefi-secure', codePath: '/fw/CODE.ms.fd', variablesPath: '/m/efi-vars.fd' },
      disks: [],
      fwCfg: [],
    }
    expect(oneAnOption(machineArguments(config))).toMatchInlineSnapshot(`
      "-name guest=m0,debug-threads=on
      -uuid 6f1c8a2e-0000-4000-8000-000000000001
      -no-user-config
      -nodefaults
      -display none
      -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
      -machine q35,smm=on,vmport=off,hpet=off,pflash0=firmware-code,pflash1=firmware-vars,memory-backend=ram0
      -accel tcg,thread=multi,tb-size=512
      -cpu Nehalem
      -smp cpus=2
      -m size=1024M
      -object memory-backend-ram,id=ram0,size=1024M
      -rtc base=utc
      -action panic=none,reboot=shutdown
      -blockdev driver=raw,node-name=firmware-code,read-only=on,file.driver=file,file.filename=/fw/CODE.ms.fd
      -blockdev driver=raw,node-name=firmware-vars,read-only=off,file.driver=file,file.filename=/m/efi-vars.fd
      -global driver=cfi.pflash01,property=secure,value=on
      -global ICH9-LPC.disable_s3=1
      -boot strict=on
      -chardev socket,id=qmp,fd=3
      -mon chardev=qmp,mode=control
      -chardev socket,id=console,fd=4
      -serial chardev:console
      -device virtio-serial-pci,id=virtio-serial0
      -chardev socket,id=journal,fd=5
      -device virtserialport,chardev=journal,name=com.signalbox.journal
      -chardev socket,id=agent,fd=6
      -device virtserialport,chardev=agent,name=com.signalbox.agent
      -chardev socket,id=calls,fd=7
      -device virtserialport,chardev=calls,name=com.signalbox.calls
      -object rng-builtin,id=rng0
      -device virtio-rng-pci,rng=rng0
      -device pvpanic
      -device vmgenid,guid=auto
      -device pcie-root-port,id=spare0,chassis=1,addr=1c.0,multifunction=on,io-reserve=0
      -device pcie-root-port,id=spare1,chassis=2,addr=1c.1,io-reserve=0
      -device pcie-root-port,id=spare2,chassis=3,addr=1c.2,io-reserve=0
      -device pcie-root-port,id=spare3,chassis=4,addr=1c.3,io-reserve=0"
    `)
  })

  test('QEMU itself logs the console of a machine that outlives us', () => {
    const console = { kind: 'inherited', fd: 4, logFile: '/out/console.txt' } as const
    const args = machineArguments({ ...direct, channels: { ...INHERITED_CHANNELS, console } })
    expect(args).toContain('socket,id=console,fd=4,logfile=/out/console.txt,logappend=on')
  })

  test('the private network is one more card behind the first, and nothing else', () => {
    const mac = '52:54:5b:12:34:00'
    const without = machineArguments(direct)
    const args = machineArguments({ ...direct, privateNetwork: { fd: PRIVATE_NETWORK_FD, mac } })
    const card = [
      '-netdev',
      'stream,id=net1,addr.type=fd,addr.str=8',
      '-device',
      'virtio-net-pci,netdev=net1,mac=52:54:5b:12:34:00,romfile=,guest_announce=off',
    ]
    const at = without.indexOf('virtio-net-pci,netdev=net0,romfile=,guest_announce=off') + 1
    expect(args).toEqual(without.toSpliced(at, 0, ...card))
  })

  test('its card can be in a spare port, or nowhere yet, and no other device moves for it', () => {
    const net = { fd: PRIVATE_NETWORK_FD, mac: '52:54:5b:12:34:00' }
    const without = machineArguments(direct)
    const backend = ['-netdev', 'stream,id=net1,addr.type=fd,addr.str=8']
    const at = without.indexOf('virtio-net-pci,netdev=net0,romfile=,guest_announce=off') + 1
    const unplugged = machineArguments({ ...direct, privateNetwork: { ...net, card: 'unplugged' } })
    expect(unplugged).toEqual(without.toSpliced(at, 0, ...backend))
    const inPort = machineArguments({ ...direct, privateNetwork: { ...net, card: 'port' } })
    const card =
      'virtio-net-pci,id=private-card,netdev=net1,bus=spare3,romfile=,guest_announce=off,mac=52:54:5b:12:34:00'
    // Behind the port that it is in.
    const port = unplugged.findIndex((value) => value.includes('id=spare3')) + 1
    expect(inPort).toEqual(unplugged.toSpliced(port, 0, '-device', card))
  })

  test('a file of fw_cfg is a path, or its text, commas and all', () => {
    const fwCfg = [
      { name: 'opt/a', path: '/m/a,b' },
      { name: 'opt/io.systemd.credentials/system.hostname', text: 'm0,1' },
    ]
    const args = machineArguments({ ...direct, fwCfg })
    expect(args.filter((_, index) => args[index - 1] === '-fw_cfg')).toEqual([
      'name=opt/a,file=/m/a,,b',
      'name=opt/io.systemd.credentials/system.hostname,string=m0,,1',
    ])
  })

  test('NUMA nodes are sockets that share out memory and processors', () => {
    const args = machineArguments({ ...direct, memoryMiB: 1025, cpus: 4, numaNodes: 2 })
    expect(args.join(' ')).toContain(
      '-object memory-backend-ram,id=ram0-node0,size=512M -numa node,nodeid=0,cpus=0-1,memdev=ram0-node0 ' +
        '-object memory-backend-ram,id=ram0-node1,size=513M -numa node,nodeid=1,cpus=2-3,memdev=ram0-node1',
    )
    expect(args).toEqual(expect.arrayContaining(['q35,smm=off,vmport=off,hpet=off', 'cpus=4,sockets=2']))
  })

  test('the network is tried by the firmware when it is in the boot order', () => {
    const boot = { folder: '/m/tftp', file: 'boot.efi' }
    const network = { sshPort: 0, ipv6: false, boot }
    const args = machineArguments({ ...direct, network, bootOrder: ['primary-disk', 'network'] })
    expect(args).toContain('user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22,tftp=/m/tftp,bootfile=boot.efi')
    expect(args).toContain('virtio-net-pci,netdev=net0,romfile=,guest_announce=off,bootindex=2')
  })

  test('arm64 has Secure Boot without SMM', () => {
    const boot = {
      firmware: 'uefi-secure',
      codePath: '/fw/CODE.ms.fd',
      variablesPath: '/m/efi-vars.fd',
    } as const
    const args = machineArguments({ ...direct, architecture: 'arm64', boot })
    expect(args).not.toContain('-global')
  })

  test('riscv64 is a plain virt, whose firmware QEMU finds itself; no pvpanic', () => {
    const args = machineArguments({ ...direct, architecture: 'riscv64' })
    expect(args).toContain('virt,memory-backend=ram0')
    expect(args).not.toContain('-bios')
    expect(args.join(' ')).not.toMatch(/pvpanic|vmgenid/)
    const boot = { firmware: 'uefi', codePath: '/fw/CODE.fd', variablesPath: '/m/efi-vars.fd' } as const
    const uefi = machineArguments({ ...direct, architecture: 'riscv64', boot })
    expect(uefi).toContain('virt,pflash0=firmware-code,pflash1=firmware-vars,memory-backend=ram0')
  })

  test('BIOS speaks on the serial port; arm64 and riscv64 have none', () => {
    const bios = { ...direct, boot: { firmware: 'bios' } } as const
    expect(machineArguments(bios)).toContain(
      'q35,smm=off,vmport=off,hpet=off,graphics=off,memory-backend=ram0',
    )
    expect(() => machineArguments({ ...bios, architecture: 'arm64' })).toThrow('arm64 has no BIOS')
    expect(() => machineArguments({ ...bios, architecture: 'riscv64' })).toThrow('riscv64 has no BIOS')
  })
})

/** One line an option, as people read command lines. */
function oneAnOption(args: readonly string[]): string {
  return args.join(' ').replaceAll(/ (-[a-z])/g, '\n$1')
}
