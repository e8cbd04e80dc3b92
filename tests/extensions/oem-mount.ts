// What a vendor adds lies on the OEM partition, which no update replaces: Flatcar keeps it in /oem/sysext. The reference image has
// nothing that looks there, so a config brings it.

/** systemd-sysext looks in /run/extensions: here for what the OEM partition holds. */
export const oemExtensions = {
  name: 'run-extensions.mount',
  enabled: true,
  contents: `[Unit]
RequiresMountsFor=/oem
Before=systemd-sysext.service

[Mount]
What=/oem/sysext
Where=/run/extensions
Type=none
Options=bind

[Install]
WantedBy=systemd-sysext.service
`,
}
