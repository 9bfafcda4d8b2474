import { EvergrantError } from "./evergrant-error.ts";

/** A person must act: `reauthorizationUrl` says where, `reason` why and `whoActs` who. */
export class ReauthorizationRequiredError extends EvergrantError {
  override readonly name = "ReauthorizationRequiredError";
}
