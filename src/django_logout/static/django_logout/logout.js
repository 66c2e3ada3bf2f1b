/**
 * Log out in all tabs at once. See docs/browser.md.
 *
 * The page is in one state at a time. What happens is a transition; a state that does not know a
 * transition ignores it.
 */

/**
 * @typedef {object} State
 * @property {boolean} [covers] The page cannot be seen, heard or used.
 * @property {boolean} [sends] A logout is on its way.
 * @property {[delay: number, how: string]} [after] What happens after some milliseconds.
 * @property {Record<string, string>} to Transitions, and the states that they lead to.
 *
 * @typedef {{ url: string, body: URLSearchParams, stop?: AbortController, wake?: () => void }} Logout
 */

const WATCHING = {
  confirm: "shown",
  warn: "warning",
  warnFinally: "final",
  end: "ended",
  cover: "checking",
  submit: "sending",
  logOut: "out",
  switchUser: "other",
};
const SENDING = { cover: "checking", wait: "waiting", logOut: "out" };

/** If a state has a dialog, that has the same name. @type {Record<string, State>} */
const STATES = {
  shown: { to: WATCHING },
  warning: { to: { ...WATCHING, dismiss: "shown" } },
  final: { to: { ...WATCHING, dismiss: "calm" } },
  // The user knows of the end, which cannot be postponed.
  calm: { to: { ...WATCHING, warnFinally: "calm" } },
  // The page may be stale: the browser has kept it, or fetched it ahead.
  checking: { covers: true, to: { ...WATCHING, fail: "unknown" } },
  unknown: { covers: true, to: { ...WATCHING, cover: "unknown" } },
  ended: { covers: true, to: { ...WATCHING, cover: "ended" } },
  sending: { sends: true, after: [1000, "delay"], to: { ...SENDING, delay: "slow" } },
  slow: { covers: true, sends: true, after: [9000, "wait"], to: SENDING },
  waiting: { covers: true, sends: true, to: { ...SENDING, dismiss: "shown" } },
  // The page is empty, and on its way to the next one.
  out: { covers: true, to: {} },
  other: { covers: true, to: {} },
};

/** Milliseconds between two tries, and until one is given up. */
const [PAUSE, PATIENCE] = [2000, 30000];
const TYPED = "textarea, input:not([type=checkbox], [type=radio], [type=color], [type=range])";

const find = (tag = "") => /** @type {any} */ (document.querySelector(`${tag}[data-logout]`));
const words = find("template");
const { channel, status, logout, login, user, events, poll, warning, witness } =
  find("script").dataset;
const name = `django-logout ${channel}`;
const root = document.documentElement;
const framed = top !== window;
const { origin } = location;
const ask = fetch;
const on = addEventListener;
const store = /** @type {any} */ (window).cookieStore;
const showModal = window.HTMLDialogElement?.prototype.showModal;

/** The state since a time, with its dialog, its timer, and the logout that is being sent. */
const state = {
  name: "shown",
  since: 0,
  /** @type {any} */ dialog: null,
  timer: 0,
  /** @type {Logout | null} */ pending: null,
};

/** @type {BroadcastChannel | null | undefined} */
let tabs;
/** @type {EventSource | null | undefined} */
let stream;
/** @type {Promise<void> | null} */
let asking = null;
// Requests that failed in a row, and whether one has ever reached the site.
let [failures, reached] = [0, false];
// Times by now(): of the question last answered, the next one, the session's end, the last tick, and
// a form, or a logout by fetch, of the page.
let [asked, next, ends, last, sent] = [-Infinity, Infinity, Infinity, 0, -Infinity];
// The clock minus the page's own time, and how much was sleep.
let [drift, slept] = [Date.now() - performance.now(), 0];
let typed = false;
/** @type {string | undefined} */
let seen;
/** Of the page that is covered: its title, and media that were playing. @type {any} */
let covered = null;
const again = attempt(() => sessionStorage.getItem(name));
attempt(() => sessionStorage.removeItem(name));

/**
 * Does what a browser may refuse: storage may be full, or blocked with cookies.
 * @template T
 * @param {() => T} work
 */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const here = () => location.pathname + location.search;

/** Returns milliseconds, sleep included. A clock that is changed does not change them. */
const now = () => performance.now() + slept;

// ---- States ----

/** Makes a transition. Returns whether the state knows it. */
function transit(how = "") {
  const to = STATES[state.name].to[how];
  if (to && to !== state.name) enter(to);
  return Boolean(to);
}

function enter(to = "") {
  const { dialog } = state;
  const { covers, sends, after } = STATES[to];
  clearTimeout(state.timer);
  state.name = to;
  state.since = now();
  state.timer = after ? setTimeout(transit, ...after) : 0;
  state.dialog = words.content.querySelector(`[data-name=${to}]`)?.cloneNode(true);
  if (!sends) state.pending = null;
  dialog?.close();
  dialog?.remove();
  if (state.dialog) open(state.dialog);
  covers ? silence() : restore();
}

/** @param {any} dialog */
function open(dialog) {
  dialog.onclose = () => dialog === state.dialog && !dialog.open && dismiss();
  // Until it was opened again, the page could be seen.
  dialog.oncancel = () => "dismiss" in STATES[state.name].to; // false prevents it
  const button = dialog.querySelector("[data-submit]");
  if (button) button.onclick = () => state.pending && submitNatively(state.pending);
  if (state.name === "unknown") lead(here());
  else lead(login + encodeURIComponent(here()), isTyped() || framed ? "_blank" : "");
  count();
  root.append(dialog);
  showModal.call(dialog);
}

/** Returns whether the user has typed something, even before the script was loaded. */
function isTyped() {
  const fields = /** @type {NodeListOf<any>} */ (document.querySelectorAll(TYPED));
  return typed || [...fields].some(({ value, defaultValue }) => value !== defaultValue);
}

/** Sets where the link of the dialog leads. */
function lead(href = "", target = "") {
  const link = state.dialog?.querySelector("a");
  if (!link) return;
  link.href = href;
  if (target) link.target = target;
}

/** The user has closed the dialog. One that needs an answer is opened again. */
function dismiss() {
  const { name, pending, dialog } = state;
  if (!transit("dismiss")) return showModal.call(dialog);
  if (name === "warning") question("POST");
  if (name !== "waiting") return;
  pending?.stop?.abort();
  check();
}

/** Puts the dialog above later ones of the page. */
function raise() {
  if (!state.dialog?.open) return;
  state.dialog.close();
  showModal.call(state.dialog);
}

/** Stops what a covered page plays or shows elsewhere, and its title. */
function silence() {
  covered ??= { title: document.title, playing: [] };
  const media = /** @type {NodeListOf<any>} */ (document.querySelectorAll("audio, video"));
  for (const each of media) {
    if (!each.paused) covered.playing.push(each);
    each.pause();
  }
  document.exitPictureInPicture?.().catch(() => {});
  attempt(() => /** @type {any} */ (window).documentPictureInPicture.window.close());
  // The history keeps the title with which a page is left.
  const title = state.name !== "checking" && state.dialog?.querySelector("h2, p");
  if (title) document.title = title.textContent;
}

function restore() {
  if (!covered) return;
  document.title = covered.title;
  for (const each of covered.playing) each.play().catch(() => {});
  covered = null;
}

// ---- Asking ----

/** Checks the session. One check runs at a time; a reason is passed on after it. */
export async function check(reason = "") {
  if (!reason) return (asking ??= question("GET").finally(() => (asking = null)));
  await asking;
  return question("GET", reason);
}

/** Checks the session, unless an answer is known to a question of this time or later. */
async function checkSince(since = now()) {
  await asking;
  if (asked < since) await check();
  else plan();
}

/** Lets one tab after the other do so: the first one tells the others. */
async function share(since = now()) {
  next = Infinity;
  const turn = () => checkSince(since);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  // No browser keeps a page for its Back button that holds a lock.
  const locks = attempt(() => navigator.locks.request(name, { signal: stop.signal }, turn));
  await (locks ?? turn()).catch(turn);
  clearTimeout(timer);
}

/** Asks the server. POST also keeps the user logged in. */
async function question(method = "", reason = "") {
  const since = now();
  try {
    const url = `${status}?reason=${encodeURIComponent(reason)}`;
    const { response, answer } = await request(url, { method });
    if (!response.ok || !answer) throw response;
    failures = 0;
    learn(answer, since);
    tabs?.postMessage({ answer, age: now() - since });
  } catch {
    failures = 1 + (failures % 5);
    transit("fail");
    plan();
  }
}

/** Returns a response, and its JSON or null. @param {RequestInit} init */
async function request(url = "", init = {}, stop = new AbortController()) {
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const response = await ask(url, { ...init, signal: stop.signal });
    reached = true;
    const answer = await response.json().catch(() => null);
    return { response, answer };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {any} answer to a question of a time */
function learn(answer, since = 0) {
  // One that is older than another answer, or than the state, says nothing about it.
  // What the page itself has sent has its own response.
  if (since < Math.max(asked, state.since) || now() - sent < PATIENCE) {
    // But the later one may not say why the session has ended.
    if (state.name === "ended" && !answer.authenticated) end(answer.message);
    return plan();
  }
  asked = since;
  next = Infinity;
  if (!answer.authenticated) return end(answer.message);
  if (answer.user !== user) return leave("switchUser");
  if (state.name === "ended" && !answer.csrf_token) return void question("POST");
  if (answer.csrf_token)
    for (const field of document.getElementsByName("csrfmiddlewaretoken"))
      field.setAttribute("value", answer.csrf_token);
  const total = answer.expires_in ?? Infinity;
  const left = Math.min(total, answer.idle_expires_in ?? Infinity);
  ends = asked + left * 1000;
  if (left > warning) transit("confirm");
  else transit(left === total ? "warnFinally" : "warn");
  plan();
}

function end(message = "") {
  if (!transit("end")) return;
  const place = state.dialog?.querySelector("[data-message]");
  if (place && message) place.textContent = message;
}

// ---- Logging out ----

const isLogout = (url = "") =>
  logout.split(" ").some((/** @type {string} */ path) => origin + path === url.split(/[?#]/)[0]);

/** @param {any} event */
function submitted(event) {
  const { target: form, submitter } = event;
  const plain = form.cloneNode(); // Without fields, whose names would hide its attributes.
  const place = submitter?.getAttribute("formtarget") ?? plain.target;
  if (event.defaultPrevented || plain.method !== "post" || (place && place !== "_self")) return;
  const url = submitter?.hasAttribute("formaction") ? submitter.formAction : plain.action;
  if (!isLogout(url)) return void (sent = now());
  const { sends, to } = STATES[state.name];
  if (sends) event.preventDefault(); // It was clicked twice.
  if (!to.submit) return;
  event.preventDefault();
  const body = new URLSearchParams();
  for (const [key, value] of new FormData(form)) body.append(key, String(value));
  if (submitter?.name) body.append(submitter.name, submitter.value);
  transit("submit");
  send((state.pending = { url, body }));
}

/** Sends it until the site answers, or the browser has to do it. @param {Logout} pending */
async function send(pending) {
  const { url, body } = pending;
  const headers = { Accept: "application/json" };
  for (let tries = 0; ; tries++) {
    pending.stop = new AbortController();
    // A large request cannot be kept alive.
    /** @type {RequestInit} */
    const init = { method: "POST", body, headers, redirect: "manual", keepalive: !tries };
    const found = await request(url, init, pending.stop).catch(() => null);
    if (state.pending !== pending) return;
    const answer = found?.answer;
    if (answer?.logged_out) {
      const to = new URL(answer.redirect_to, url).href;
      tell({ out: to });
      return leave("logOut", to, false);
    }
    // A proxy that cannot reach the site has no JSON.
    const isAway = found ? found.response.status > 501 && !answer : reached;
    if (!isAway && (found || (tries && navigator.onLine))) return submitNatively(pending);
    if (!found && !tries) continue;
    transit("wait");
    await new Promise((wake) => {
      pending.wake = () => wake(null);
      setTimeout(wake, PAUSE);
    });
    if (state.pending !== pending) return;
  }
}

/** No listener of the page is asked again. @param {Logout} pending */
function submitNatively({ url, body }) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: url, hidden: true });
  for (const [key, value] of body) {
    const field = document.createElement("input");
    form.append(Object.assign(field, { type: "hidden", name: key, value }));
  }
  root.append(form);
  HTMLFormElement.prototype.submit.call(form);
}

/** Empties the page, and goes to the next one. If the browser stays, there is a link. */
function leave(how = "", to = here(), replace = true) {
  if (!transit(how)) return;
  document.body?.replaceChildren();
  const out = state.name === "out";
  if (out) lead(to, framed ? "_top" : "_self");
  if (out ? framed : again || !attempt(() => (sessionStorage[name] = "1"))) return;
  // Nothing is left to be lost, so the page must not ask the user to stay.
  window.onbeforeunload = null;
  const { prototype } = BeforeUnloadEvent;
  Object.defineProperties(prototype, { returnValue: { set() {} }, preventDefault: { value() {} } });
  go(to, replace);
}

/** Goes to a URL, even if only its fragment is another than here. */
function go(to = here(), replace = true) {
  const [page] = to.split("#");
  if (to !== page && new URL(page, location.href).href === location.href.split("#")[0]) {
    attempt(() => history.replaceState(null, "", `${here()}${location.search ? "&" : "?&"}`));
    replace = true;
  }
  replace ? location.replace(to) : location.assign(to);
}

// ---- Other tabs ----

function join() {
  tabs = attempt(() => new BroadcastChannel(name));
  if (tabs) tabs.onmessage = hear;
  listen();
  plan();
}

/** @param {any} message from another tab */
function hear({ data: { answer, age = 0, out, loaded } }) {
  if (out) leave("logOut", out.startsWith(`${origin}/`) ? out : here());
  else if (answer) learn(answer, now() - age);
  else if (loaded !== user || state.dialog) share();
}

/** @param {any} message to other tabs. Storage may persist: it holds none. */
function tell(message) {
  const open = tabs ?? attempt(() => new BroadcastChannel(name));
  if (!open)
    attempt(() => {
      localStorage[name] = 1;
      delete localStorage[name];
    });
  open?.postMessage(message);
  if (!tabs) open?.close();
}

/** Receives the server's events. A hidden page asks when it is shown. */
function listen() {
  stream?.close();
  stream = events && tabs !== null && !document.hidden ? new EventSource(events) : null;
  stream?.addEventListener("ended", ({ data }) => check(JSON.parse(data).reason));
}

/** Returns the cookie that changes with each login and logout. */
const witnessed = () =>
  attempt(() => document.cookie.split("; ").find((each) => each.startsWith(`${witness}=`)));

function compare() {
  const before = seen;
  seen = witnessed();
  if (seen !== before && STATES[state.name].to.end) share();
}

/** Covers the page, and asks whether it may be shown. */
function verify() {
  if (!Object.keys(STATES[state.name].to).length) return go();
  transit("cover");
  sent = -Infinity;
  state.since = now();
  checkSince();
}

/** @param {any} answer */
function notice(answer) {
  const header = "Logout-Reason";
  const reason = answer?.getResponseHeader?.(header) ?? answer?.headers?.get(header);
  return reason && check(reason);
}

/** Notices responses to htmx, Turbo and Unpoly. @param {any} event */
function intercept(event) {
  const { xhr, ctx, fetchResponse } = event.detail ?? {};
  const { response } = ctx ?? fetchResponse ?? event;
  if (notice(xhr ?? response?.xhr ?? response)) event.preventDefault();
}

// ---- Time ----

function plan() {
  const at = now();
  const { name } = state;
  const patience = name === "checking" || name === "unknown" ? 1 : +poll || Infinity;
  const turn = at + patience * (900 + Math.random() * 200) * 2 ** failures;
  const marks = [turn, ends - warning * 1000, ends].filter((mark) => mark > at + 500);
  next = Math.min(...marks);
}

function tick() {
  const change = Date.now() - performance.now() - drift;
  const changed = Math.abs(change) > 5000;
  if (changed) {
    drift += change;
    slept += Math.max(change, 0);
  }
  const at = now();
  if (changed) share();
  // Another tab may have asked within this second.
  else if (at >= next || (at - last > 5000 && !document.hidden)) share(at - 1000);
  last = at;
  if (!store) compare();
  count();
}

/** Writes how many seconds are left, in steps, since it is read aloud. */
function count() {
  const left = Math.max(0, Math.floor((ends - now()) / 1000));
  for (const place of state.dialog?.querySelectorAll("[data-left]") ?? []) {
    const steps = [20, 10, 5].filter((step) => step <= place.dataset.left);
    const step = steps.find((step) => step <= left) ?? 1;
    const text = (Math.floor(left / step) * step).toLocaleString(languages(), {
      style: "unit",
      unit: "second",
      unitDisplay: "long",
    });
    if (place.textContent !== text) place.textContent = text;
  }
}

/** The page's language, if browsers know it. */
const languages = () =>
  attempt(() => Intl.getCanonicalLocales(root.lang.replaceAll("_", "-"))) ?? [];

if (user && showModal) {
  const look = () => document.hidden || now() - asked < 2000 || check();
  for (const type of ["visibilitychange", "focus", "online"]) on(type, look);
  on("visibilitychange", listen);
  store?.addEventListener("change", compare);
  on("online", () => state.pending?.wake?.());
  on("htmx:beforeOnLoad", intercept);
  on("htmx:before:response", intercept);
  on("turbo:before-fetch-response", intercept);
  on("up:fragment:loaded", intercept);
  on("storage", ({ key }) => key === name && share());
  on("input", () => (typed = true));
  on("play", () => STATES[state.name].covers && silence(), true);
  on("submit", submitted);
  on("pagehide", () => {
    tabs?.close();
    tabs = null;
    listen();
    transit("cover");
  });
  on("pageshow", ({ persisted }) => persisted && (join(), verify()));
  on("prerenderingchange", verify, true);
  window.fetch = (...request) => {
    const [to] = /** @type {any[]} */ (request);
    if (attempt(() => isLogout(new URL(to.url ?? to, document.baseURI).href))) sent = now();
    return ask(...request).then((answer) => (notice(answer), answer));
  };
  HTMLDialogElement.prototype.showModal = function () {
    showModal.call(this);
    raise();
  };
  seen = witnessed();
  join();
  const [from] = /** @type {any[]} */ (performance.getEntriesByType("navigation"));
  if (again || from?.deliveryType || from?.activationStart || !from?.transferSize) verify();
  setInterval(tick, 1000);
}
tell({ loaded: user });
