/* A new key that a provider signs with. */

import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";

// As text in between. A key object that was just made shares a lock with the job that made it: when
// the job is collected as garbage in the middle of its export, Node waits for itself for ever.
const TEXT = {
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
};

/** Make an RSA key of so many bits, as a JWK with a random id. */
export function makeKey(modulusLength = 2048) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength, ...TEXT });
  const jwk = createPrivateKey(privateKey).export({ format: "jwk" });
  return { ...jwk, kid: randomUUID(), use: "sig", alg: "RS256" };
}
