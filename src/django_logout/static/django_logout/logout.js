// @ts-check
/**
 * Logging out, felt in every tab: docs/browser.md. What is here works without it too, only later.
 * @typedef {{authenticated: boolean, user?: string, message?: string, csrf_token?: string,
 *   expires_in?: number | null, idle_expires_in?: number | null}} Status
 * @typedef {{loaded?: string, status?: Status, out?: string}} News What tabs tell each other.
 */
const tag = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-logout]"));
const { status = "", logout = "", login = "", user = "", events, poll, warning } = tag.dataset;
const words = /** @type {HTMLTemplateElement} */ (document.querySelector("template[data-logout]"));
const root = document.documentElement;
const name = `django-logout:${status}`;
const ask = window.fetch.bind(window);
const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;

/** @type {HTMLDialogElement | null} */ let open = null;
/** @type {Promise<void> | null} */ let asking = null;
/** @type {HTMLFormElement | null} */ let leaving = null;
/** @type {Window | null} */ let loginTab = null;
/** @type {() => void} */ let retire = () => {};
let [leads, typed, gone, renewable] = [false, false, false, false];
let [failures, heard, due, next, deadline] = [0, 0, 0, 0, Infinity];

/** @param {News} news */
function tell(news) {
  if (channel) return channel.postMessage(news);
  localStorage.setItem(name, JSON.stringify(news)); // where there are no channels
  localStorage.removeItem(name);
}

/** @param {News} news */
function hear({ loaded, status, out }) {
  if (!user) return;
  if (out !== undefined) return leave("out", new URL(out, location.href));
  if (status) return learn(status);
  if (loaded !== user || open?.dataset.name === "ended") check(); // what another tab shows is a hint
}

/** Asks whether the session is alive, and why not; one question at a time. */
export function check(reason = "") {
  asking ??= question("GET", reason).finally(() => (asking = null));
  return asking;
}

/** @param {string} method POST stays logged in @param {string} [reason] */
async function question(method, reason) {
  const url = reason ? `${status}?reason=${encodeURIComponent(reason)}` : status;
  try {
    const headers = { Accept: "application/json" };
    const signal = AbortSignal.timeout(20000);
    const response = await ask(url, { method, headers, signal, cache: "no-store" });
    if (!response.ok) throw response;
    const answer = await response.json();
    failures = 0;
    learn(answer);
    tell({ status: answer });
  } catch {
    failures = Math.min(failures + 1, 5);
    plan();
  }
}

/** @param {Status} answer */
function learn({ authenticated, user: who, message, csrf_token, expires_in, idle_expires_in }) {
  if (gone || leaving) return;
  heard = Date.now();
  next = Infinity;
  if (!authenticated) return show("ended", message);
  if (who !== user) return leave("other");
  if (open?.dataset.name === "ended" && !csrf_token) return void question("POST");
  loginTab?.close();
  for (const input of document.getElementsByName("csrfmiddlewaretoken"))
    if (csrf_token && input instanceof HTMLInputElement) input.value = csrf_token;
  const [end, idle] = [expires_in ?? Infinity, idle_expires_in ?? Infinity];
  deadline = heard + Math.min(end, idle) * 1000;
  renewable = idle < end;
  if (deadline - heard > Number(warning) * 1000) hide();
  else show("warning");
  plan();
}

function plan() {
  const now = Date.now();
  const patience = open?.dataset.name === "checking" ? 1 : Number(poll) || Infinity;
  const turn = now + patience * (900 + Math.random() * 200) * 2 ** failures;
  const marks = [turn, deadline - Number(warning) * 1000, deadline].filter((at) => at > now + 500);
  next = Math.min(...marks) + (leads ? 0 : 5000); // later, in case who leads is asleep
}

function tick() {
  const now = Date.now();
  const slept = due && !document.hidden && Math.abs(now - due) > 5000; // or the clock was set
  if (user && (slept || now >= next)) check();
  const pause = open?.dataset.name === "warning" ? count(now) : 5000;
  const wait = Math.max(200, Math.min(pause, next - now));
  due = now + wait;
  setTimeout(tick, wait);
}

/** @param {number} now */
function count(now) {
  const left = Math.max(0, Math.round((deadline - now) / 1000));
  const coarse = left > 60 ? Math.ceil(left / 60) * 60 : Math.ceil(left / 10) * 10;
  for (const [part, seconds] of /** @type {const} */ ([["left", left], ["said", coarse]])) {
    const [value, unit] = seconds > 60 ? [Math.ceil(seconds / 60), "minute"] : [seconds, "second"];
    const format = new Intl.NumberFormat(root.lang || undefined, { style: "unit", unit, unitDisplay: "long" });
    const text = format.format(value);
    const place = open?.querySelector(`[data-${part}]`);
    if (place && place.textContent !== text) place.textContent = text;
  }
  return 1000;
}

/** @param {string} kind @param {string} [message] */
function show(kind, message) {
  if (open?.dataset.name !== kind) {
    hide();
    const found = words.content.querySelector(`[data-name=${kind}]`);
    const dialog = (open = /** @type {HTMLDialogElement} */ (found?.cloneNode(true)));
    dialog.addEventListener("close", () => {
      if (dialog !== open) return;
      if (kind === "offline") leaving = null;
      if (kind === "warning") question("POST");
      if ("cover" in dialog.dataset && kind !== "offline") dialog.showModal();
      else hide();
    });
    dialog.querySelector("a")?.addEventListener("click", (event) => {
      if (!typed && kind === "ended") return;
      event.preventDefault();
      loginTab = window.open(loginURL());
    });
    document.body.append(dialog);
    dialog.showModal();
    root.toggleAttribute("data-logout-covered", "cover" in dialog.dataset);
  }
  const parts = /** @type {NodeListOf<HTMLElement>} */ (open?.querySelectorAll("[data-message], [data-unsaved], [data-renewable], [data-final], a"));
  for (const part of parts) {
    if ("message" in part.dataset) part.textContent = message ?? "";
    if ("unsaved" in part.dataset) part.hidden = !typed;
    if ("renewable" in part.dataset) part.hidden = !renewable;
    if ("final" in part.dataset) part.hidden = renewable;
    if (part instanceof HTMLAnchorElement) part.href = loginURL();
  }
}

function hide() {
  const dialog = open;
  open = null;
  root.removeAttribute("data-logout-covered");
  dialog?.close(); // gives the focus back
  dialog?.remove();
}

function loginURL() {
  const url = new URL(login, location.href);
  url.searchParams.set("next", location.pathname + location.search);
  return url.href;
}

/** Nothing of the page stays. @param {string} kind @param {URL} [url] */
function leave(kind, url) {
  if (gone) return;
  gone = true;
  hide();
  document.body.replaceChildren();
  show(kind);
  const here = location.href.split("#")[0];
  location.replace(url?.origin === location.origin ? url : here);
}

/** @param {HTMLFormElement} form */
async function quit(form) {
  const headers = { Accept: "application/json" };
  const options = { method: "POST", body: new FormData(form), headers, keepalive: true };
  try {
    const response = await ask(form.action, { ...options, redirect: "manual" });
    const answer = response.ok ? await response.json().catch(() => null) : null;
    if (!answer?.logged_out) return HTMLFormElement.prototype.submit.call(form); // says why
    tell({ out: answer.redirect_to });
    gone = true;
    show("out");
    location.assign(answer.redirect_to);
  } catch {
    show("offline");
    setTimeout(() => leaving === form && quit(form), 2000);
  }
}

/** Whatever fetched it: an answer for an ended session says so in a header. @param {string} headers */
function notice(headers) {
  const reason = /^logout-reason: *(\S+)/im.exec(headers)?.[1];
  if (reason) check(reason);
  return Boolean(reason);
}

/** @param {any} event Of htmx 2 and 4, Turbo or Unpoly, which would leave the page. */
function intercept(event) {
  const { detail = {}, response } = event;
  const xhr = detail.xhr ?? response?.xhr;
  const headers = (detail.ctx ?? detail.fetchResponse)?.response.headers ?? [];
  if (notice(xhr?.getAllResponseHeaders() ?? listed(headers))) event.preventDefault();
}

/** @param {Iterable<[string, string]>} headers */
const listed = (headers) => [...headers].map((pair) => pair.join(": ")).join("\n");

/** One tab asks for all. */
function lead() {
  const stop = new AbortController();
  const begin = () =>
    /** @type {Promise<void>} */ (new Promise((done) => {
      const source = events ? new EventSource(events) : null;
      source?.addEventListener("ended", (event) => check(JSON.parse(event.data).reason));
      leads = true;
      plan();
      retire = () => (done(), source?.close(), (leads = false));
    }));
  retire = () => stop.abort();
  if (!navigator.locks) begin();
  else navigator.locks.request(name, { signal: stop.signal }, begin).catch(() => {});
}

/** The page comes from somewhere else than the server: it is covered until that has been asked. */
function verify() {
  if (gone) return location.replace(location.href.split("#")[0]);
  if (open?.dataset.name !== "ended") show("checking");
  check();
}

function begin(activated = false) {
  const [from] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (activated || from.type === "back_forward" || from.transferSize === 0) verify();
  else tell({ loaded: user });
  lead();
  tick();
}

if (channel) channel.onmessage = ({ data }) => hear(data);
addEventListener("storage", ({ key, newValue }) => key === name && newValue && hear(JSON.parse(newValue)));
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.target || !logout.split(" ").includes(new URL(form.action).pathname)) return;
  event.preventDefault();
  if (leaving) return; // pressed twice
  quit((leaving = form));
});

if (user) {
  const look = () => !document.hidden && Date.now() - heard > 2000 && check();
  addEventListener("visibilitychange", look);
  addEventListener("focus", look);
  addEventListener("online", () => check());
  addEventListener("input", () => (typed = true), true);
  addEventListener("pagehide", ({ persisted }) => {
    retire();
    if (persisted && !root.hasAttribute("data-logout-covered")) show("checking");
  });
  addEventListener("pageshow", ({ persisted }) => persisted && (lead(), verify()));
  for (const type of ["htmx:beforeOnLoad", "htmx:before:response", "turbo:before-fetch-response", "up:fragment:loaded"])
    addEventListener(type, intercept);
  window.fetch = async (...request) => {
    const response = await ask(...request);
    notice(listed(response.headers));
    return response;
  };
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (/** @type {any} */ body) {
    this.addEventListener("load", () => notice(this.getAllResponseHeaders()), { once: true });
    send.call(this, body);
  };
  if (/** @type {any} */ (document).prerendering)
    document.addEventListener("prerenderingchange", () => begin(true), { once: true });
  else begin();
} else tell({ loaded: "" });
