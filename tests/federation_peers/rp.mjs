// An application of Express with express-openid-connect, in its own words: node rp.mjs PORT ISSUER CLIENT SECRET.
import express from "express";
import openid from "express-openid-connect";
import { EventEmitter } from "node:events";

const [port, issuer, clientID, clientSecret] = process.argv.slice(2);

/** A store of sessions, which a logout by the back channel needs. */
class Store extends EventEmitter {
  rows = new Map();
  get(id, done) {
    done(null, this.rows.get(id));
  }
  set(id, row, done) {
    this.rows.set(id, row);
    done?.(null);
  }
  destroy(id, done) {
    this.rows.delete(id);
    done?.(null);
  }
}

const app = express();
app.use(
  openid.auth({
    issuerBaseURL: issuer,
    baseURL: `http://localhost:${port}`,
    clientID,
    clientSecret,
    clientAuthMethod: "client_secret_post", // allauth.idp does not decode what a header holds.
    secret: clientSecret,
    authRequired: false,
    idpLogout: true,
    authorizationParams: { response_type: "code", scope: "openid" },
    session: { store: new Store() },
    backchannelLogout: true,
  }),
);
app.get("/", (request, response) => {
  response.send(`user=${request.oidc.isAuthenticated() ? request.oidc.user.sub : ""}`);
});
app.listen(Number(port), "127.0.0.1");
