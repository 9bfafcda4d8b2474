/** Any free port. Nobody follows a link in these tests, so it does not matter that the public address is another one. */
export const ANY_PORT = { EVERGRANT_PORT: "0", EVERGRANT_PUBLIC_URL: "http://localhost" };
