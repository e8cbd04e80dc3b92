// Kubernetes of three machines, made by kubeadm: etcd, a control plane, a worker; with each of the usual networks for pods.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { administer, join, makeControlPlane, nodeConfig, SLOW_MS, type Network } from './node.ts'

/** A command that prints a number, until it is that. */
async function expectCount(control: Machine, command: string, count: number): Promise<void> {
  await expect
    .poll(async () => Number(await administer(control, command).catch(() => 'NaN')), {
      timeoutMs: 180_000 * control.slowness,
    })
    .toBe(count)
}

const nginx = `apiVersion: apps/v1
kind: Deployment
metadata: { name: nginx }
spec:
  replicas: 1
  selector: { matchLabels: { app: nginx } }
  template:
    metadata: { labels: { app: nginx } }
    spec: { containers: [{ name: nginx, image: ghcr.io/flatcar/nginx }] }
`
const claim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: shared }
spec: { storageClassName: nfs, accessModes: [ReadWriteMany], resources: { requests: { storage: 100Mi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: test-pod-1 }
spec:
  containers: [{ name: test, image: ghcr.io/flatcar/nginx, volumeMounts: [{ name: data, mountPath: /data }] }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: shared } }]
`

const etcdConfig = {
  ignition: { version: '3.3.0' },
  systemd: {
    units: [
      {
        name: 'etcd-member.service',
        enabled: true,
        dropins: [
          {
            name: '20-open.conf',
            contents:
              '[Service]\nEnvironment=ETCD_IMAGE_TAG=v3.5.24\nEnvironment=ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379\nEnvironment=ETCD_ADVERTISE_CLIENT_URLS=http://0.0.0.0:2379\n',
          },
        ],
      },
    ],
  },
}

function declare(release: string, network: Network, legacyCgroups: boolean): void {
  const version = release.slice(1).replaceAll('.', '-')
  test(
    `${version}-${network}${legacyCgroups ? '-legacy-cgroups' : ''}`,
    {
      description: `Kubernetes ${release} with ${network}: nodes become ready, a deployment runs, and pods share a volume.`,
      aliases: [`kubeadm.${release}.${network}${legacyCgroups ? '.cgroupv1' : ''}.base`],
      versions: legacyCgroups ? '>=3374.0.0 <4179.0.0' : '>=3374.0.0',
    },
    async ({ cluster }) => {
      const etcd = await cluster.boot({ ignition: etcdConfig })
      const endpoint = `http://${etcd.privateAddress?.ipv4}:2379`
      await expect(etcd).toRun(['curl', '--fail', '--silent', `${endpoint}/health`], {
        stdout: /"health":\s*"?true/,
        timeoutMs: 150_000,
      })
      const node = { ignition: nodeConfig(release, legacyCgroups), primaryDiskMiB: 16_384, memoryMiB: 2560 }
      const control = await cluster.boot({ ...node, cpus: 2 })
      await makeControlPlane(control, endpoint, network)
      const worker = await cluster.boot({ ...node, cpus: 2 })
      await join(worker, control)

      await test.step('nodes', async () => {
        await expectCount(control, "kubectl get nodes --no-headers | grep -c ' Ready '", 2)
      })
      await test.step('a deployment', async () => {
        await control.writeFile('/etc/nginx.yaml', nginx)
        await administer(control, 'kubectl apply -f /etc/nginx.yaml')
        const ready = 'kubectl get deployment nginx -o jsonpath={.status.readyReplicas}'
        await expectCount(control, ready, 1)
      })
      await test.step('a shared volume', async () => {
        const repository = 'https://kubernetes-sigs.github.io/nfs-ganesha-server-and-external-provisioner/'
        await administer(control, `helm repo add nfs ${repository}`)
        const options = "--set 'storageClass.mountOptions={nfsvers=4.2}'"
        await administer(control, `helm install nfs nfs/nfs-server-provisioner ${options}`, SLOW_MS)
        await control.writeFile('/etc/claim.yaml', claim)
        await administer(control, 'kubectl apply -f /etc/claim.yaml')
        const ready =
          'kubectl get pod test-pod-1 -o jsonpath={.status.containerStatuses[0].ready} | grep -c true'
        await expectCount(control, ready, 1)
      })
      if (network === 'cilium') {
        await test.step('encryption between nodes', async () => {
          await administer(control, 'cilium uninstall', SLOW_MS)
          await administer(control, 'cilium install --version 1.12.5 --encryption=ipsec', SLOW_MS)
          await administer(control, 'cilium status --wait --wait-duration 1m', SLOW_MS)
        })
      }
    },
  )
}

describe(
  'kubernetes.kubeadm',
  {
    distros: ['flatcar'],
    architectures: ['x86_64'],
    // Extensions and programs, container images, and charts come from there.
    surroundings: ['internet'],
    machines: 0,
    privateNetwork: true,
    firstBoot: true,
    tags: ['internet'],
    timeoutMs: 1_800_000,
  },
  () => {
    for (const release of ['v1.36.1', 'v1.35.1', 'v1.34.4'])
      for (const network of ['calico', 'flannel', 'cilium'] as const) declare(release, network, false)
    for (const network of ['calico', 'flannel', 'cilium'] as const) declare('v1.34.4', network, true)
  },
)
