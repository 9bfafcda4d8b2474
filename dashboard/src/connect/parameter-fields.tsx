import type { Provider } from "../api/client-shapes.ts";
import { Field } from "../design/field.tsx";
import { plain } from "../design/plain.ts";
import { fieldOf } from "./parameters-in.ts";

type Parameter = Provider["parameters"][string];

/** What a client has to say where one entry stands for many authorization servers. */
export function ParameterFields({ parameters }: Pick<Provider, "parameters">) {
  return Object.entries(parameters).map(([name, parameter]) => (
    <Field key={name} label={plain(name)} hint={hintOf(parameter)}>
      {(id, described) => <ParameterInput id={id} described={described} name={name} parameter={parameter} />}
    </Field>
  ));
}

interface ParameterInputProps {
  id: string;
  described: string | undefined;
  name: string;
  parameter: Parameter;
}

function ParameterInput({ id, described, name, parameter }: ParameterInputProps) {
  const common = { id, "aria-describedby": described, name: fieldOf(name), defaultValue: parameter.default };
  if (parameter.kind !== "choice") {
    return <input {...common} required maxLength={300} autoComplete="off" spellCheck={false} />;
  }
  return (
    <select {...common} required>
      {parameter.values.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

function hintOf(parameter: Parameter): string {
  const about = parameter.description.replace(/\.$/, "");
  return parameter.kind === "choice" ? `${about}.` : `${about}. Such as ${parameter.example}`;
}
