import type { Connection, ConnectionStatus } from "../api/connections.ts";

/** What a status means to somebody who knows nothing of OAuth. */
export const WHAT_IT_MEANS: Record<ConnectionStatus, string> = {
  active: "This connection works.",
  degraded: "Something is wrong with this connection, but it is not over.",
  suspended: "This connection is paused. Its user has nothing to do.",
  reauthorization_required: "This connection gives no access until somebody signs in again.",
  disconnected: "This connection was ended, and its tokens are deleted.",
};

/** What is expected of whom. */
export const WHO_ACTS: Record<NonNullable<Connection["diagnosis"]>["who_acts"], string> = {
  nobody: "Nobody has to act: it is tried again by itself.",
  user: "Its user has to sign in again.",
  customer_admin: "An administrator of the customer has to act.",
  operator: "You, the operator, have to act.",
};
