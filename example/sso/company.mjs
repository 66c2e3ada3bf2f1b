/* The provider at which the car site logs people in: npm's oidc-provider, with its own pages. Any name and password will do.
 *
 *     node company.mjs PORT CLIENTS
 *
 * CLIENTS is JSON. It forgets everything when it ends. */

import { randomUUID } from "node:crypto";
import Provider from "oidc-provider";
import { makeKey } from "./key.mjs";

const [port, clients] = process.argv.slice(2);
const cookie = { httpOnly: true, sameSite: "lax" };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: JSON.parse(clients),
  jwks: { keys: [makeKey()] },
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  cookies: { keys: [randomUUID()], long: cookie, short: cookie },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
  features: { rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true } },
  // Without this, it sends no logouts to addresses of this machine.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
});
provider.listen(Number(port), "127.0.0.1");
