// The reference image: the Flatcar-shaped OS image that Signalbox builds from Debian packages, so that everything runs
// with no download from an OS vendor.

export {
  buildReferenceImage,
  defaultImageCache,
  findReferenceImage,
  type BuildOptions,
  type BuildProgress,
} from './build.ts'
export { missingPrograms } from './build-host.ts'
export { loadImage, readBuiltImage, type BuiltImage, type ImageFile } from './built-image.ts'
export { imageKey, type ImageQuery } from './cache-key.ts'
export { packagedExtension, type ExtensionName } from './extension.ts'
export { listImages, pruneImages, type PruneOptions } from './list.ts'
export { hostPackages } from './recipe.ts'
export { brokenPayload, checkPayload, payloadOf, type PayloadDefect } from './payload.ts'
export type { UsrVariantName } from './variants.ts'
