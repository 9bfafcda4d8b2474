export interface ClientToRefresh {
  tokenUrl: string;
  /** Of the ID tokens that may come with a refresh. */
  issuer: string;
  clientId: string;
  clientSecret: string;
}

export type Refresh = (refreshToken: string) => Promise<{ accessToken: string; refreshToken: string }>;

export type LibraryName = "simple-oauth2" | "openid-client" | "google-auth-library";

export const LIBRARIES: Readonly<Record<LibraryName, (client: ClientToRefresh) => Promise<Refresh>>>;

export function answerIn(error: unknown): { error?: string; error_description?: string; error_uri?: string };
