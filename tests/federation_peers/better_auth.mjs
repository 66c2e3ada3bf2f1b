/* A provider made of npm's Better Auth, with its store in memory.
 *
 *     node better_auth.mjs PORT client.json
 *
 * It registers no client on plain HTTP, so the row of the client is written as a registration would write it. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";

const [port, client] = process.argv.slice(2);
const tables = ["user", "session", "account", "verification", "jwks"];
const own = ["oauthClient", "oauthAccessToken", "oauthRefreshToken", "oauthConsent"];
const stored = Object.fromEntries([...tables, ...own].map((name) => [name, []]));
const now = new Date();
stored.oauthClient.push({ id: "1", createdAt: now, updatedAt: now, ...JSON.parse(readFileSync(client, "utf8")) });

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "not a secret: these are tests, and this is long",
  database: memoryAdapter(stored),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    jwt({ jwks: { keyPairConfig: { alg: "RS256" } } }),
    oauthProvider({
      loginPage: "/sign-in",
      consentPage: "/consent",
      storeClientSecret: { hash: async (secret) => secret },
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
});
for (const name of ["ann", "bob"]) {
  await auth.api.signUpEmail({ body: { name, email: `${name}@example.com`, password: "any password" } });
  stored.user.find((user) => user.name === name).emailVerified = true;
}
createServer(toNodeHandler(auth)).listen(Number(port), "127.0.0.1");
