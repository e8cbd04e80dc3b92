// NVIDIA cards: the driver that the image builds or an extension brings, by itself and as Kubernetes' operator uses it.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { administer, nodeConfig, SLOW_MS } from '../kubernetes/node.ts'

const sudo = { sudo: true } as const
const extension = (name: string): object => ({
  path: `/etc/extensions/${name}.raw`,
  contents: { source: `https://extensions.flatcar.org/extensions/${name}.raw` },
})
const extensions = {
  files: [extension('nvidia-drivers-550-open'), extension('nvidia-runtime-v1.16.2-x86-64')],
}

async function expectCard(machine: Machine, program: string): Promise<void> {
  await expect(machine).toRun([program, '--list-gpus'], {
    ...sudo,
    stdout: /^GPU 0:/,
    timeoutMs: SLOW_MS,
  })
}

/** One node, the operator from NVIDIA's charts, and a pod that computes on the card. */
async function expectOperator(machine: Machine): Promise<void> {
  const init = `kubeadm init --pod-network-cidr=10.244.0.0/16 --ignore-preflight-errors=NumCPU`
  await administer(machine, init, SLOW_MS)
  const flannel =
    'https://raw.githubusercontent.com/flannel-io/flannel/v0.26.7/Documentation/kube-flannel.yml'
  await administer(machine, `kubectl apply -f ${flannel}`)
  await administer(machine, 'kubectl taint nodes --all node-role.kubernetes.io/control-plane-')
  await administer(machine, 'helm repo add nvidia https://helm.ngc.nvidia.com/nvidia')
  const options = '--version v24.9.2 --set driver.enabled=false --wait --timeout 20m'
  await administer(machine, `helm install gpu nvidia/gpu-operator ${options}`, 2 * SLOW_MS)
  const pod = `apiVersion: v1
kind: Pod
metadata: { name: vectoradd }
spec:
  restartPolicy: OnFailure
  containers:
    - name: vectoradd
      image: nvcr.io/nvidia/k8s/cuda-sample:vectoradd-cuda12.5.0
      resources: { limits: { nvidia.com/gpu: 1 } }
`
  await machine.writeFile('/etc/vectoradd.yaml', pod)
  await administer(machine, 'kubectl apply -f /etc/vectoradd.yaml')
  const wait = 'kubectl wait --for=jsonpath={.status.phase}=Succeeded pod/vectoradd --timeout=10m'
  await administer(machine, wait, SLOW_MS)
  expect(await administer(machine, 'kubectl logs vectoradd')).toContain('Test PASSED')
}

describe(
  'cloud.gpu',
  {
    distros: ['flatcar'],
    architectures: ['x86_64'],
    surroundings: ['internet', 'nvidia-gpu'],
    firstBoot: true,
    tags: ['internet'],
    primaryDiskMiB: 32_768,
    timeoutMs: 2_400_000,
  },
  () => {
    const node = nodeConfig('v1.32.2', false)
    const withExtensions = {
      ...node,
      storage: { ...node.storage, files: [...node.storage.files, ...extensions.files] },
    }

    test(
      'driver',
      {
        description: "NVIDIA's driver is built and loaded, and sees the card.",
        aliases: ['cl.misc.nvidia'],
      },
      async ({ machine }) => {
        await expect(machine).toHaveActiveUnit('nvidia.service', { timeoutMs: SLOW_MS })
        await expectCard(machine, '/opt/bin/nvidia-smi')
      },
    )

    test(
      'operator',
      {
        description: 'With the built driver the operator gives the card to a pod, which computes on it.',
        aliases: ['cl.misc.nvidia-operator'],
        ignition: node,
      },
      async ({ machine }) => {
        await expect(machine).toHaveActiveUnit('nvidia.service', { timeoutMs: SLOW_MS })
        await expectOperator(machine)
      },
    )

    test(
      'extension',
      {
        description: 'The driver of a system extension is loaded and sees the card.',
        aliases: ['cl.misc.nvidia-sysext'],
        versions: '>=4334.0.0',
        ignition: { ignition: { version: '3.3.0' }, storage: extensions },
      },
      async ({ machine }) => {
        await expectCard(machine, 'nvidia-smi')
      },
    )

    test(
      'extension-operator',
      {
        description: 'With the driver of a system extension the operator gives the card to a pod.',
        aliases: ['cl.misc.nvidia-sysext-operator'],
        versions: '>=4334.0.0',
        ignition: withExtensions,
      },
      async ({ machine }) => {
        await expectCard(machine, 'nvidia-smi')
        await expectOperator(machine)
      },
    )
  },
)
