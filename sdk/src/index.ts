export { createEvergrant } from "./evergrant.ts";
export type { ConnectionOptions, Evergrant, EvergrantOptions } from "./evergrant.ts";
export type {
  AccessTokenOptions,
  Connection,
  CurrentAccessTokenOptions,
  DpopProofOptions,
  RejectedOptions,
} from "./connection.ts";
export type { ServiceCallName, ServiceTracer, TracedAnswer } from "./service-tracer.ts";
export type { DpopProof, RequestToProve } from "./dpop-proof.ts";
export type { AccessToken, RefreshState } from "./access-token.ts";
export type { EvergrantBody, EvergrantRequestInit } from "./request-init.ts";
export type { TokenRefusal } from "./token-refusal.ts";
export { EvergrantError } from "./evergrant-error.ts";
export type { EvergrantErrorCode, EvergrantErrorFields } from "./evergrant-error.ts";
export { pages } from "./pages.ts";
export type { NextPage, PagesOptions } from "./pages.ts";
export { nextLink, nextUrl, pageToken } from "./next-page.ts";
export { PageError } from "./page-error.ts";
export { resumableUpload } from "./resumable-upload.ts";
export type { ResumableUploadOptions, UploadInit } from "./resumable-upload.ts";
export type { UploadProgress, UploadProtocol, UploadRequest } from "./upload-protocol.ts";
export { googleUpload, graphUpload, tusUpload } from "./upload-protocols.ts";
export { UploadStoppedError } from "./upload-stopped-error.ts";
export { ApiRejectsFreshTokenError } from "./api-rejects-fresh-token-error.ts";
export { ReauthorizationRequiredError } from "./reauthorization-required-error.ts";
export { ReplayImpossibleError } from "./replay-impossible-error.ts";
export { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";
