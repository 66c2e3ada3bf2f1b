/** Logging out, felt in every tab: see docs/browser.md. */
const find = (tag = "") => /** @type {any} */ (document.querySelector(`${tag}[data-logout]`));
const words = find("template");
const { status, logout, login, user, events, poll, warning } = find("script").dataset;
const early = warning * 1000;
const name = `django-logout ${status}`;
const root = document.documentElement;
const ask = fetch.bind(window);
const on = addEventListener;

// Tabs, dialog, question, form that logs out, when to ask, when all ends.
/** @type {any[]} */
let [tabs, open, asking, leaving, next, ends, stop, leads, typed, gone, calm] = [];
let [failures, heard, last] = [0, 0, Date.now()];

const here = () => location.pathname + location.search;
const is = (kind = "") => open?.dataset.name === kind;

/** Asks whether the session is alive, and why not; one question at a time. */
export function check(reason = "") {
  const query = `?reason=${encodeURIComponent(reason)}`;
  return (asking ??= question("GET", query).finally(() => (asking = null)));
}

/** POST stays logged in. */
async function question(method = "POST", query = "") {
  try {
    const signal = AbortSignal.timeout(20000);
    const response = await ask(status + query, { method, signal, cache: "no-store" });
    if (!response.ok) throw response;
    const answer = await response.json();
    failures = 0;
    learn(answer);
    tabs.postMessage({ answer });
  } catch {
    failures = 1 + (failures % 5);
    plan();
  }
}

/** @param {any} message of another tab */
function hear({ data: { answer, out, loaded } }) {
  if (out) leave("out", out);
  else if (answer) learn(answer);
  else if (loaded !== user || open) check();
}

/** @param {any} answer of the status URL */
function learn(answer) {
  if (gone || leaving) return;
  heard = Date.now();
  next = Infinity;
  if (!answer.authenticated) return show("ended", answer.message);
  if (answer.user !== user) return leave("other");
  if (is("ended") && !answer.csrf_token) return void question();
  if (answer.csrf_token)
    for (const field of document.getElementsByName("csrfmiddlewaretoken"))
      field.setAttribute("value", answer.csrf_token);
  const end = answer.expires_in ?? Infinity;
  const idle = answer.idle_expires_in ?? Infinity;
  const kind = idle < end ? "warning" : "final";
  ends = heard + Math.min(end, idle) * 1000;
  if (ends - heard > early || (calm && kind === "final")) hide();
  else show(kind);
  plan();
}

function plan() {
  const now = Date.now();
  const patience = is("checking") ? 1 : +poll || Infinity;
  const turn = now + patience * (900 + Math.random() * 200) * 2 ** failures;
  const marks = [turn, ends - early, ends].filter((at) => at > now + 500);
  next = Math.min(...marks) + (leads ? 0 : 5000); // who leads may be asleep
}

function tick() {
  const now = Date.now();
  const jumped = Math.abs(now - last) > 5000;
  if (now >= next || (jumped && !document.hidden)) check();
  last = now;
  const left = Math.max(0, Math.round((ends - now) / 1000));
  write("[data-left]", left);
  write("[data-said]", Math.ceil(left / 20) * 20);
}

function write(where = "", seconds = 0) {
  const place = open?.querySelector(where);
  /** @type {any} */ const format = { style: "unit", unit: "second", unitDisplay: "long" };
  const text = seconds.toLocaleString(root.lang || [], format);
  if (place && place.textContent !== text) place.textContent = text;
}

function show(kind = "", message = "") {
  if (!is(kind)) {
    hide();
    const dialog = (open = words.content.querySelector(`[data-name=${kind}]`).cloneNode(true));
    dialog.onclose = () => {
      if (dialog !== open) return;
      if (kind === "offline") leaving = null;
      else if (kind === "warning") question();
      else if (kind === "final") calm = true;
      else return dialog.showModal();
      hide();
    };
    root.append(dialog);
    dialog.showModal();
  }
  if (message) open.querySelector("[data-message]").textContent = message;
  const link = open.querySelector("a");
  if (!link) return;
  link.href = login + encodeURIComponent(here());
  if (typed) link.target = "_blank";
}

function hide() {
  const dialog = open;
  open = null;
  dialog?.close();
  dialog?.remove();
}

/** Nothing of the page stays. */
function leave(kind = "", to = here()) {
  gone = true;
  show(kind);
  document.body.replaceChildren();
  location.replace(to[0] === "/" ? to : here());
}

async function quit(mine = leaving) {
  const [form, button, url] = mine;
  try {
    const response = await ask(url, {
      method: "POST",
      body: new FormData(form, button),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(10000),
      keepalive: true,
      redirect: "manual",
    });
    const answer = await response.json().catch(() => ({}));
    gone = true;
    if (!answer.logged_out) return form.requestSubmit(button);
    tabs.postMessage({ out: answer.redirect_to });
    location.assign(answer.redirect_to);
  } catch {
    show("offline");
    setTimeout(() => leaving === mine && quit(), 2000);
  }
}

/** @param {any} answer of an ended session? */
function notice(answer) {
  const header = "Logout-Reason";
  const reason = answer?.getResponseHeader?.(header) ?? answer?.headers?.get(header);
  return reason && check(reason);
}

function lead() {
  tabs = new BroadcastChannel(name);
  tabs.onmessage = hear;
  const { signal } = (stop = new AbortController());
  const hold = (/** @type {any} */ done) => {
    const source = events && new EventSource(events);
    source?.addEventListener("ended", (/** @type {any} */ { data }) => check(JSON.parse(data).reason));
    signal.onabort = () => (source?.close(), done((leads = false)));
    leads = true;
    plan();
  };
  navigator.locks?.request(name, { signal }, () => new Promise(hold)).catch(() => {});
}

/** What is not fresh is covered until the server is asked. */
const cover = () => is("ended") || show("checking");

function verify() {
  if (gone) return location.replace(here());
  leaving = null;
  cover();
  check();
}

function begin(stale = false) {
  lead();
  const [from] = /** @type {any[]} */ (performance.getEntriesByType("navigation"));
  if (stale || from?.type === "back_forward" || from?.deliveryType || !from?.transferSize) verify();
  else tabs.postMessage({ loaded: user });
  setInterval(tick, 1000);
}

/** @param {any} event */
function submitted(event) {
  const { target: form, submitter } = event;
  if (gone || event.defaultPrevented || form.method !== "post") return;
  const action = submitter?.getAttribute("formaction") ?? form.cloneNode().action; // no field
  const url = new URL(action, document.baseURI);
  if (url.origin !== origin || !logout.split(" ").includes(url.pathname)) return;
  event.preventDefault();
  if (!leaving) quit((leaving = [form, submitter, url]));
}

/** @param {any} event of a framework */
function intercept(event) {
  const { xhr, ctx, fetchResponse } = event.detail ?? {};
  const { response } = ctx ?? fetchResponse ?? event;
  if (notice(xhr ?? response?.xhr ?? response)) event.preventDefault();
}

if (user) {
  const look = () => document.hidden || Date.now() - heard < 2000 || check();
  for (const type of ["visibilitychange", "focus", "online"]) on(type, look);
  const htmx = ["htmx:beforeOnLoad", "htmx:before:response"];
  for (const type of [...htmx, "turbo:before-fetch-response", "up:fragment:loaded"])
    on(type, intercept);
  on("input", () => (typed = true));
  on("submit", submitted);
  on("pagehide", () => (stop?.abort(), tabs?.close(), cover()));
  on("pageshow", ({ persisted }) => persisted && (lead(), verify()));
  window.fetch = (...request) => {
    const sent = ask(...request);
    sent.then(notice, () => {});
    return sent;
  };
  if (!(/** @type {any} */ (document).prerendering)) begin();
  else document.addEventListener("prerenderingchange", () => begin(true));
} else {
  tabs = new BroadcastChannel(name);
  tabs.postMessage({ loaded: user });
  tabs.close();
}
