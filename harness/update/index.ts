// Updates of machines under test: the clients in the guests, and the versions that they are updated to.

export { updateClientOf } from './client-of.ts'
export { payloadNames } from './payloads.ts'
export type { PayloadDefect, PayloadName, Payloads, WhyNoPayload } from './payloads.ts'
export type {
  FollowOptions,
  OfferOptions,
  Slot,
  SlotState,
  UpdateClient,
  UpdateProgress,
} from './update-client.ts'
