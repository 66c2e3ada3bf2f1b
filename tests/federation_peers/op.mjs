/* A provider made of npm's oidc-provider, of the version that is named, with the clients of a file.
 *
 *     node op.mjs oidc-provider PORT clients.json
 *
 * Under /_test/ it tells what it has sent and how often it was asked for its keys, and it changes its key.
 * It speaks for itself: login and consent are the pages that it comes with. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { makeKey } from "../../example/sso/key.mjs";

const [name, port, clients] = process.argv.slice(2);
const module = await import(name);
const Provider = module.Provider ?? module.default;
const issuer = `http://127.0.0.1:${port}`;
const hasFrontChannel = name.endsWith("-6");
const sent = [];
let keysAsked = 0;

// Its own store would end with each provider that is made, and with it the sessions there.
const stored = new Map();
class Store {
  constructor(model) {
    this.key = (id) => `${model}:${id}`;
  }
  async upsert(id, payload) {
    stored.set(this.key(id), payload);
  }
  async find(id) {
    return stored.get(this.key(id));
  }
  async findByUid(uid) {
    return [...stored].find(([key, payload]) => key.startsWith(this.key("")) && payload.uid === uid)?.[1];
  }
  async consume(id) {
    stored.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    stored.delete(this.key(id));
  }
  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) {
      if (payload.grantId === grantId) stored.delete(key);
    }
  }
}

// It refuses addresses of this machine unless it is told how to fetch. How long it waits is its own.
async function fetchHere(url, options) {
  const begun = performance.now();
  const note = { url: String(url), body: String(options.body), status: 0 };
  sent.push(note);
  try {
    const { dispatcher, ...ours } = options; // the one that refuses
    const response = await fetch(url, ours);
    note.status = response.status;
    return response;
  } finally {
    note.ms = performance.now() - begun;
  }
}

function makeProvider() {
  const configuration = {
    adapter: Store,
    clients: JSON.parse(readFileSync(clients, "utf8")),
    jwks: { keys: [makeKey()] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    conformIdTokenClaims: false,
    // The libraries send none, and version 9 demands it of public clients only.
    pkce: { required: () => false },
    // Without it, only for the scope offline_access. These end with the session there.
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed("refresh_token"),
    cookies: {
      keys: ["not a secret: these are tests"],
      long: { httpOnly: true, sameSite: "lax" },
      short: { httpOnly: true, sameSite: "lax" },
    },
    async findAccount(ctx, id) {
      const email = `${id}@example.com`;
      const claims = { sub: id, email, email_verified: true, name: id, preferred_username: id };
      return { accountId: id, claims: () => claims };
    },
    features: {
      devInteractions: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: hasFrontChannel ? { enabled: true, ack: "draft-06" } : { enabled: true },
      ...(hasFrontChannel && { frontchannelLogout: { enabled: true, ack: "draft-04" } }),
    },
    ...(!hasFrontChannel && { fetch: fetchHere }),
  };
  const provider = new Provider(issuer, configuration);
  for (const event of ["server_error", "backchannel.error", "grant.error", "authorization.error"]) {
    provider.on(event, (ctx, error) => console.error(event, error));
  }
  if (hasFrontChannel) {
    provider.on("backchannel.success", () => sent.push({ body: "", status: 200 }));
    provider.on("backchannel.error", (ctx, error) => sent.push({ body: "", status: error.response?.statusCode ?? 0 }));
  }
  return hasFrontChannel ? provider.callback : provider.callback();
}

let callback = makeProvider();

function answer(response, data) {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(data));
}

createServer((request, response) => {
  if (request.url === "/_test/sent") {
    answer(response, sent);
  } else if (request.url === "/_test/keys") {
    answer(response, { asked: keysAsked });
  } else if (request.url === "/_test/rotate") {
    callback = makeProvider();
    answer(response, {});
  } else {
    keysAsked += request.url === "/jwks";
    callback(request, response);
  }
}).listen(Number(port), "127.0.0.1");
