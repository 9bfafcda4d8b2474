import { z } from "zod";
import { problemSchema } from "./problem.ts";

/** Shapes that several routes share. Wire JSON is snake_case; times are RFC 3339 in UTC. */
export const time = z.iso.datetime();
export const scopes = z.array(z.string().min(1).max(500)).max(200);
export const labels = z
  .record(z.string().min(1).max(63), z.string().max(200))
  .refine((map) => Object.keys(map).length <= 32, "at most 32 labels");
export const name = z.string().trim().min(1).max(200);
/** A provider's token: visible ASCII (RFC 6749 appendix A.12, A.17). */
export const token = z
  .string()
  .max(16_384)
  .regex(/^[\x20-\x7e]*$/, "visible ASCII characters only");

export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function toTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : toTime(milliseconds);
}

/** The parameters of a route's path: one id, of any shape, because an ill-formed id is answered like an unknown one. */
export const idParams = z.object({ id: z.string().max(300) });

/** What every route of the API may answer when it fails. */
export const failures = { "4xx": problemSchema, "5xx": problemSchema };

export const secured = [{ apiKey: [] }];
