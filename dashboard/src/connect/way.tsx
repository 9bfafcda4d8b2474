import { Steps } from "../design/steps.tsx";

const WAY = ["Choose a provider", "Set up a client", "Register the redirect URI", "Connect an account"];

/** @param done how many of its steps are. */
export function Way({ done }: { done: number }) {
  return <Steps label="The way to a connection" steps={WAY} done={done} />;
}
