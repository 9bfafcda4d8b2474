import { Page } from "../design/page.tsx";

export function EndpointPage() {
  return <Page title="Webhook endpoint">{null}</Page>;
}
