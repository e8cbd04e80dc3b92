// Nodes of a Kubernetes cluster: what each is provisioned with, and the commands that make a cluster of them.

import type { Machine } from '../../harness/index.ts'

export const HELM = 'v3.17.3'
export const POD_SUBNET = '192.168.0.0/17'
export const PROGRAMS = '/opt/bin'

const sudo = { sudo: true } as const

export type Network = 'calico' | 'flannel' | 'cilium'

/** A network for pods needs minutes to come up; pulling what it is made of needs more. */
export const SLOW_MS = 600_000

const NETWORKS: Readonly<Record<Network, readonly string[]>> = {
  calico: [
    'kubectl create -f https://raw.githubusercontent.com/projectcalico/calico/v3.32.1/manifests/tigera-operator.yaml',
    'until kubectl get crd installations.operator.tigera.io; do sleep 5; done',
    `kubectl apply -f - <<'END'
apiVersion: operator.tigera.io/v1
kind: Installation
metadata: { name: default }
spec:
  calicoNetwork:
    ipPools: [{ cidr: ${POD_SUBNET}, encapsulation: VXLANCrossSubnet, natOutgoing: Enabled, nodeSelector: all() }]
  flexVolumePath: /opt/libexec/kubernetes/kubelet-plugins/volume/exec/
END`,
  ],
  flannel: [
    `curl --fail --silent --show-error --location https://raw.githubusercontent.com/flannel-io/flannel/v0.26.7/Documentation/kube-flannel.yml | sed 's,10.244.0.0/16,${POD_SUBNET},' | kubectl apply -f -`,
  ],
  cilium: [
    `cilium install --version 1.12.5 --set ipam.operator.clusterPoolIPv4PodCIDRList=${POD_SUBNET}`,
    'cilium status --wait',
  ],
}

type NodeConfig = Readonly<Record<string, unknown>> & {
  readonly storage: { readonly files: readonly object[]; readonly links: readonly object[] }
}

/** Kubernetes as a system extension, helm, and Cilium's program. */
export function nodeConfig(release: string, legacyCgroups: boolean): NodeConfig {
  const extension = `/opt/extensions/kubernetes/kubernetes-${release}-x86-64.raw`
  const unpack = (name: string, archive: string, member: string): object => ({
    name: `prepare-${name}.service`,
    enabled: true,
    contents: `[Unit]\nConditionPathExists=!${PROGRAMS}/${name}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStartPre=/usr/bin/mkdir -p ${PROGRAMS}\nExecStart=/usr/bin/tar --extract --file ${archive} --directory ${PROGRAMS} ${member}\n[Install]\nWantedBy=multi-user.target\n`,
  })
  return {
    ignition: { version: '3.3.0' },
    storage: {
      files: [
        {
          path: extension,
          contents: {
            source: `https://extensions.flatcar.org/extensions/kubernetes-${release}-x86-64.raw`,
          },
        },
        {
          path: '/opt/helm.tar.gz',
          contents: { source: `https://get.helm.sh/helm-${HELM}-linux-amd64.tar.gz` },
        },
        {
          path: '/opt/cilium.tar.gz',
          contents: {
            source:
              'https://github.com/cilium/cilium-cli/releases/download/v0.12.12/cilium-linux-amd64.tar.gz',
          },
        },
        ...(legacyCgroups ? [{ path: '/etc/flatcar-cgroupv1', contents: { source: 'data:,' } }] : []),
      ],
      links: [{ path: '/etc/extensions/kubernetes.raw', target: extension }],
    },
    systemd: {
      units: [
        { name: 'kubelet.service', enabled: true },
        { name: 'docker.service', enabled: true },
        unpack('helm', '/opt/helm.tar.gz', '--strip-components=1 linux-amd64/helm'),
        unpack('cilium', '/opt/cilium.tar.gz', 'cilium'),
        ...(legacyCgroups
          ? [
              {
                name: 'containerd.service',
                dropins: [
                  {
                    name: '10-cgroupfs.conf',
                    contents:
                      '[Service]\nEnvironment=CONTAINERD_CONFIG=/usr/share/containerd/config-cgroupfs.toml\n',
                  },
                ],
              },
            ]
          : []),
      ],
    },
  }
}

/** A command on the control plane, as the cluster's administrator. */
export async function administer(machine: Machine, command: string, timeoutMs = 60_000): Promise<string> {
  const env = `export KUBECONFIG=/etc/kubernetes/admin.conf PATH=$PATH:${PROGRAMS}`
  return await machine.run(`${env}; ${command}`, { ...sudo, timeoutMs: timeoutMs * machine.slowness })
}

/** Makes a control plane on a machine, with its etcd elsewhere. */
export async function makeControlPlane(machine: Machine, etcd: string, network: Network): Promise<void> {
  const address = machine.privateAddress?.ipv4
  const config = [
    'apiVersion: kubeadm.k8s.io/v1beta4',
    'kind: InitConfiguration',
    `localAPIEndpoint: { advertiseAddress: ${address} }`,
    'nodeRegistration:',
    `  kubeletExtraArgs: [{ name: node-ip, value: ${address} }, { name: volume-plugin-dir, value: /opt/libexec/kubernetes/kubelet-plugins/volume/exec/ }]`,
    'timeouts: { controlPlaneComponentHealthCheck: 30m0s }',
    '---',
    'apiVersion: kubeadm.k8s.io/v1beta4',
    'kind: ClusterConfiguration',
    `etcd: { external: { endpoints: ['${etcd}'] } }`,
    `networking: { podSubnet: ${POD_SUBNET} }`,
    'controllerManager:',
    '  extraArgs: [{ name: flex-volume-plugin-dir, value: /opt/libexec/kubernetes/kubelet-plugins/volume/exec/ }]',
    '',
  ]
  await machine.writeFile('/etc/kubeadm.yaml', config.join('\n'))
  await administer(machine, 'kubeadm config images pull --config /etc/kubeadm.yaml', SLOW_MS)
  await administer(machine, 'kubeadm init --config /etc/kubeadm.yaml', SLOW_MS)
  for (const command of NETWORKS[network]) await administer(machine, command, SLOW_MS)
}

/** Lets a machine join. */
export async function join(worker: Machine, control: Machine): Promise<void> {
  const command = await administer(control, 'kubeadm token create --print-join-command')
  const words = command.trim().split(/\s+/)
  await worker.run([...words, `--node-name=${worker.privateAddress?.ipv4}`], {
    ...sudo,
    timeoutMs: SLOW_MS * worker.slowness,
  })
}
