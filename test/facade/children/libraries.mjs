// Libraries that refresh by themselves, each opened as its readme says. The default is loaded when it is asked for.

/** By name: what a client has to be told, to a function that refreshes once and gives what is to be kept. */
export const LIBRARIES = {
  "simple-oauth2": async ({ tokenUrl, clientId, clientSecret }) => {
    const { AuthorizationCode } = (await import("simple-oauth2")).default;
    const { origin: tokenHost, pathname: tokenPath } = new URL(tokenUrl);
    const client = new AuthorizationCode({
      client: { id: clientId, secret: clientSecret },
      auth: { tokenHost, tokenPath },
    });
    return async (refreshToken) => {
      const { token } = await client.createToken({ refresh_token: refreshToken }).refresh();
      return { accessToken: token.access_token, refreshToken: token.refresh_token };
    };
  },
  "openid-client": async ({ tokenUrl, issuer, clientId, clientSecret }) => {
    const { allowInsecureRequests, ClientSecretBasic, Configuration, refreshTokenGrant } =
      await import("openid-client");
    const server = { issuer, token_endpoint: tokenUrl };
    const configuration = new Configuration(server, clientId, {}, ClientSecretBasic(clientSecret));
    allowInsecureRequests(configuration);
    return async (refreshToken) => {
      const tokens = await refreshTokenGrant(configuration, refreshToken);
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? refreshToken };
    };
  },
  "google-auth-library": async ({ tokenUrl, clientId, clientSecret }) => {
    const { OAuth2Client } = await import("google-auth-library");
    return async (refreshToken) => {
      const client = new OAuth2Client({ clientId, clientSecret, endpoints: { oauth2TokenUrl: tokenUrl } });
      client.setCredentials({ refresh_token: refreshToken });
      let kept = refreshToken;
      client.on("tokens", (tokens) => (kept = tokens.refresh_token ?? kept));
      const { token } = await client.getAccessToken();
      return { accessToken: token, refreshToken: kept };
    };
  },
};

/** The answer of a token endpoint to a refresh that failed, as the library's error has it. */
export function answerIn(error) {
  return error.data?.payload ?? error.response?.data ?? error.cause ?? {};
}
