/** Files that may hold keys and passwords, by their names: never sent as code of other files, whatever the settings say. */
import { isExcluded } from "./exclusion.ts";
import { LANGUAGES } from "./languages.ts";

/** As in the server's `left_out.toml`, which a test compares; the second, unless they are code. */
export const SECRET = [
  ...[".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.asc", "*.gpg"],
  ...["*.ppk", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.ovpn", ".netrc", "_netrc", ".pgpass", ".htpasswd"],
  ...["htpasswd", ".npmrc", ".pypirc", ".dockercfg", ".git-credentials", "*.tfvars", "*.tfstate", "*.tfstate.*"],
  ...["kubeconfig", "*.kubeconfig", "terraform.rc", ".terraformrc", "shadow", "*.mobileprovision", "wp-config.php"],
  ...["master.key"],
];
export const SECRET_DATA = [
  ...["credentials", "credentials.*", "*-credentials.*", "*_credentials.*", "secret.*", "secrets", "secrets.*"],
  ...["*.secret", "*.secrets", "*_secret.*", "*_secrets.*", "*-secret.*", "*-secrets.*", "client_secret*"],
  ...["service-account*", "service_account*", "passwords", "passwords.*", "tokens.json", "local.settings.json"],
  ...["appsettings.*.json", "vault.*"],
];
/** Languages of data, markup and prose. */
export const NO_CODE = [
  ...["sql", "json", "yaml", "toml", "hcl", "nginx", "protobuf", "graphql", "prisma", "ini", "dotenv"],
  ...["html", "css", "xml", "vue", "svelte", "astro", "blade", "erb", "jinja", "handlebars", "gotemplate", "razor"],
  ...["pug", "scss", "sass", "less", "latex", "markdown", "rst", "asciidoc", "text"],
];

const CODE = new Set(
  Object.entries(LANGUAGES).flatMap(([name, { suffixes }]) => (NO_CODE.includes(name) ? [] : suffixes)),
);

/** Whether the file's name says that there are secrets in it. */
export function isSecret(path: string): boolean {
  const name = path.split(/[\\/]/).pop()?.toLowerCase() ?? "";
  const isCode = CODE.has(name.slice(name.lastIndexOf(".")));
  return isExcluded(name, SECRET) || (!isCode && isExcluded(name, SECRET_DATA));
}
