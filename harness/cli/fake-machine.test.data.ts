// How a corpus tells its fake machines what to do: see platforms/fake/behaviour.ts.

/** An Ignition config that scripts a fake machine. */
export function fakeMachine(behaviour: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const source = `data:,${encodeURIComponent(JSON.stringify(behaviour))}`
  return {
    ignition: { version: '3.0.0' },
    storage: { files: [{ path: '/fake/behaviour.json', mode: 420, contents: { source } }] },
  }
}
