/** Log out in all tabs at once. See docs/browser.md. */
const find = (tag = "") => /** @type {any} */ (document.querySelector(`${tag}[data-logout]`));
const words = find("template");
const { status, logout, login, user, events, poll, warning } = find("script").dataset;
const name = `django-logout ${status}`;
const root = document.documentElement;
const ask = fetch;
const on = addEventListener;
const Channel = window.BroadcastChannel;

// Channel, dialog, running check, sent form, next check, end; flags.
/** @type {any[]} */
let [tabs, open, asking, leaving, next, ends, stop, leads, typed, gone, calm, heard] = [];
let [failures, last] = [0, Date.now()];
let again = sessionStorage?.[name];
delete sessionStorage?.[name];

const here = () => location.pathname + location.search;
const is = (kind = "") => open?.dataset.name === kind;

/** Checks the session. One check runs at a time. */
export function check(reason = "") {
  return (asking ??= question("GET", reason).finally(() => (asking = null)));
}

/** POST also keeps the user logged in. */
async function question(method = "POST", reason = "") {
  try {
    const url = `${status}?reason=${encodeURIComponent(reason)}`;
    const response = await ask(url, { method, signal: AbortSignal.timeout(20000) });
    if (!response.ok) throw response;
    const answer = await response.json();
    failures = 0;
    learn(answer);
    tabs?.postMessage({ answer });
  } catch {
    failures = 1 + (failures % 5);
    plan();
  }
}

/** @param {any} message from another tab */
function hear({ data: { answer, out, loaded } }) {
  if (out) leave("out", out);
  else if (answer) learn(answer);
  else if (loaded !== user || open) check();
}

/** @param {any} answer from the status URL */
function learn(answer) {
  if (gone || leaving) return;
  heard = Date.now();
  next = Infinity;
  if (!answer.authenticated) return show("ended", answer.message);
  if (answer.user !== user) return leave("other");
  again = null;
  if (is("ended") && !answer.csrf_token) return void question();
  if (answer.csrf_token)
    for (const field of document.getElementsByName("csrfmiddlewaretoken"))
      field.setAttribute("value", answer.csrf_token);
  const end = answer.expires_in ?? Infinity;
  const idle = answer.idle_expires_in ?? Infinity;
  const left = Math.min(end, idle);
  ends = heard + left * 1000;
  if (left > warning || (calm && left === end)) hide();
  else show(left === end ? "final" : "warning");
  plan();
}

function plan() {
  const now = Date.now();
  const patience = is("checking") ? 1 : +poll || Infinity;
  const turn = now + patience * (900 + Math.random() * 200) * 2 ** failures;
  const marks = [turn, ends - warning * 1000, ends].filter((at) => at > now + 500);
  next = Math.min(...marks) + (leads ? 0 : 5000); // The leader may be asleep.
}

function tick() {
  const now = Date.now();
  if (now >= next || (Math.abs(now - last) > 5000 && !document.hidden)) check();
  last = now;
  const left = Math.max(0, Math.round((ends - now) / 1000));
  for (const place of open?.querySelectorAll("[data-left]") ?? []) {
    const step = place.dataset.left;
    const text = (Math.ceil(left / step) * step).toLocaleString(root.lang || [], {
      style: "unit",
      unit: "second",
      unitDisplay: "long",
    });
    if (place.textContent !== text) place.textContent = text;
  }
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

/** Empties the page. */
function leave(kind = "", to = "") {
  gone = true;
  show(kind);
  document.body.replaceChildren();
  if (again) return; // A cache serves this page to all.
  sessionStorage?.setItem(name, "1");
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
    tell({ out: answer.redirect_to });
    location.href = answer.redirect_to;
  } catch {
    show("offline");
    setTimeout(() => leaving === mine && quit(), 2000);
  }
}

/** @param {any} answer */
function notice(answer) {
  const header = "Logout-Reason";
  const reason = answer?.getResponseHeader?.(header) ?? answer?.headers?.get(header);
  return reason && check(reason);
}

function join() {
  if (Channel) (tabs = new Channel(name)).onmessage = hear;
  stop = new AbortController();
  navigator.locks?.request(name, { signal: stop.signal }, lead).catch(() => {});
}

/** Holds the lock until the page is left. */
function lead() {
  leads = true;
  plan();
  const source = events ? new EventSource(events) : null;
  source?.addEventListener("ended", ({ data }) => check(JSON.parse(data).reason));
  return new Promise((done) => {
    stop.signal.onabort = () => (source?.close(), done((leads = false)));
  });
}

/** @param {any} message to other tabs. Storage may persist: it holds none. */
function tell(message) {
  if (Channel) (tabs ?? new Channel(name)).postMessage(message);
  else {
    localStorage[name] = 1;
    delete localStorage[name];
  }
}

/** Covers a stale page until the server is asked. */
const cover = () => is("ended") || show("checking");

function verify() {
  if (gone) return location.replace(here());
  leaving = null;
  cover();
  check();
}

/** @param {any} event */
function submitted(event) {
  const { target: form, submitter } = event;
  if (gone || event.defaultPrevented || form.method !== "post") return;
  const action = submitter?.getAttribute("formaction") ?? form.cloneNode().action; // A clone has no fields.
  const url = new URL(action, document.baseURI);
  if (url.origin !== origin || !logout.split(" ").includes(url.pathname)) return;
  event.preventDefault();
  if (!leaving) quit((leaving = [form, submitter, url]));
}

/** @param {any} event */
function intercept(event) {
  const { xhr, ctx, fetchResponse } = event.detail ?? {};
  const { response } = ctx ?? fetchResponse ?? event;
  if (notice(xhr ?? response?.xhr ?? response)) event.preventDefault();
}

if (user) {
  const look = () => document.hidden || Date.now() - heard < 2000 || check();
  for (const type of ["visibilitychange", "focus", "online"]) on(type, look);
  on("htmx:beforeOnLoad", intercept);
  on("htmx:before:response", intercept);
  on("turbo:before-fetch-response", intercept);
  on("up:fragment:loaded", intercept);
  on("storage", ({ key }) => key === name && check());
  on("input", () => (typed = true));
  on("submit", submitted);
  on("pagehide", () => (stop.abort(), tabs?.close(), cover()));
  on("pageshow", ({ persisted }) => persisted && (join(), verify()));
  window.fetch = (...request) => ask(...request).then((answer) => (notice(answer), answer));
  on("prerenderingchange", verify, true);
  join();
  const [from] = /** @type {any[]} */ (performance.getEntriesByType("navigation"));
  if (again || from?.deliveryType || from?.activationStart || !from?.transferSize) verify();
  setInterval(tick, 1000);
}
tell({ loaded: user });
