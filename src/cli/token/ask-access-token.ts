import { path, type ServiceClient, type Shape } from "../service/service-client.ts";

/** The service's answer, whole; these fields are looked at. */
export interface AccessTokenAnswer {
  access_token: string;
  /** RFC 3339. */
  expires_at: string | null;
  generation: number;
}

export interface AccessTokenRequest {
  connectionId: string;
  minTtl: number | undefined;
}

/** Throws `CommandFailure`. */
export function askAccessToken(
  service: ServiceClient,
  { connectionId, minTtl }: AccessTokenRequest,
): Promise<AccessTokenAnswer> {
  return service.ask(
    { path: path`/v1/connections/${connectionId}/access-token`, query: { min_ttl: minTtl } },
    accessTokenAnswer,
  );
}

/** Reports that what a token was for has refused it. Throws `CommandFailure`, also where a person must act. */
export async function reportRejected(
  service: ServiceClient,
  connectionId: string,
  { generation, status }: { generation: number; status: number },
): Promise<void> {
  await service.ask(
    {
      method: "POST",
      path: path`/v1/connections/${connectionId}/access-token/rejected`,
      body: { generation, status },
    },
    accessTokenAnswer,
  );
}

/** RFC 6749 Appendix A.12. Whatever else were in one could end the line that it is printed on, and begin another. */
const TOKEN = /^[\x20-\x7e]+$/;

/** Written out, because loading zod takes longer than all else that these commands do. */
const accessTokenAnswer: Shape<AccessTokenAnswer> = {
  safeParse: (value) => (isAccessTokenAnswer(value) ? { success: true, data: value } : { success: false }),
};

function isAccessTokenAnswer(value: unknown): value is AccessTokenAnswer {
  if (typeof value !== "object" || value === null) return false;
  if (!("access_token" in value && "expires_at" in value && "generation" in value)) return false;
  const { access_token: token, expires_at: end, generation } = value;
  if (typeof token !== "string" || !TOKEN.test(token)) return false;
  return (
    Number.isSafeInteger(generation) && (end === null || (typeof end === "string" && !Number.isNaN(Date.parse(end))))
  );
}
