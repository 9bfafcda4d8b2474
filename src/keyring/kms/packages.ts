import { ServiceError } from "../../runtime/service-error.ts";

/** Packages of key services: large, wanted by few, so each is loaded when an address asks for it, and has to be installed then. */
export const PACKAGES = {
  "@aws-sdk/client-kms": () => import("@aws-sdk/client-kms"),
  "@azure/identity": () => import("@azure/identity"),
  "@azure/keyvault-keys": () => import("@azure/keyvault-keys"),
  "@google-cloud/kms": () => import("@google-cloud/kms"),
};

export type Packages = typeof PACKAGES;
type PackageName = keyof Packages;

/** The versions that this release was tested with; package.json says the same. */
const INSTALL: Record<PackageName, string> = {
  "@aws-sdk/client-kms": "npm install @aws-sdk/client-kms@3",
  "@azure/identity": "npm install @azure/keyvault-keys@4 @azure/identity@4",
  "@azure/keyvault-keys": "npm install @azure/keyvault-keys@4 @azure/identity@4",
  "@google-cloud/kms": "npm install @google-cloud/kms@5",
};

/** Throws `key_unavailable` with the command that installs the package. */
export async function loadPackage<Name extends PackageName>(
  packages: Packages,
  name: Name,
): Promise<Awaited<ReturnType<Packages[Name]>>>;
export async function loadPackage(packages: Packages, name: PackageName): Promise<unknown> {
  try {
    return await packages[name]();
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    throw new ServiceError(
      "key_unavailable",
      `The package ${name} ${missing ? "is not installed" : "cannot be loaded"}. Run \`${INSTALL[name]}\` where Evergrant is installed.`,
    );
  }
}
