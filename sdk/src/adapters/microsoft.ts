export { azureCredential } from "./azure-credential.ts";
export type { AzureCredential } from "./azure-credential.ts";
export { graphAuthenticationProvider, graphMiddleware } from "./graph.ts";
