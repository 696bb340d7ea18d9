"use strict";

// Shows changes at once. Without this script the page stays as it was loaded.
(() => {
  // Changes within TOGETHER_MS are shown together; the page is loaded at most once in PAUSE_MS.
  const TOGETHER_MS = 150;
  const PAUSE_MS = 2000;
  const LONGEST_WAIT_MS = 60000;

  const ACCESS = `subscription Access($customer: String!, $since: Revision) {
    accessChanged(customer: $customer, since: $since) { revision } }`;
  const CREDITS = `subscription Credits($customer: String!, $creditType: String!, $since: Revision) {
    creditBalanceChanged(customer: $customer, creditType: $creditType, since: $since) { revision } }`;

  let due = null;
  let renewed = -PAUSE_MS;
  let stale = false;
  let failures = 0;
  let live = false;

  const shown = () => document.querySelector("main");

  function say(isLive) {
    live = isLive;
    for (const sign of document.querySelectorAll(".live")) {
      sign.hidden = !live;
    }
  }

  // Keep open what was opened, and keep the focus.
  function carryOver(before, after) {
    const within = (part, key) => part.querySelector(`[data-key="${CSS.escape(key)}"]`);
    for (const details of before.querySelectorAll("details[open]")) {
      const key = details.closest("[data-key]")?.dataset.key;
      within(after, key ?? "")?.querySelector("details")?.setAttribute("open", "");
    }
    const focused = document.activeElement?.closest("summary, [tabindex]");
    const key = focused?.closest("[data-key]")?.dataset.key;
    const kind = focused?.localName === "summary" ? "summary" : "[tabindex]";
    return () => key && within(after, key)?.querySelector(kind)?.focus();
  }

  async function renew() {
    due = null;
    stale = false;
    renewed = performance.now();
    const answer = await fetch(location.pathname, { cache: "no-store" }).catch(() => null);
    if (answer === null || answer.status === 429 || answer.status >= 500) {
      change();
      return;
    }
    const after = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!answer.ok || after === null) {
      location.reload();
      return;
    }
    const focus = carryOver(shown(), after);
    shown().replaceWith(document.adoptNode(after));
    focus();
    say(live);
  }

  function change() {
    stale = true;
    if (due === null && !document.hidden) {
      due = setTimeout(renew, Math.max(TOGETHER_MS, renewed + PAUSE_MS - performance.now()));
    }
  }

  function listen(socket) {
    const { customer, revision: since } = shown().dataset;
    const begin = (id, query, variables) =>
      socket.send(JSON.stringify({ id, type: "subscribe", payload: { query, variables } }));
    begin("access", ACCESS, { customer, since });
    for (const { dataset } of document.querySelectorAll("[data-credit-type]")) {
      begin(`credits ${dataset.creditType}`, CREDITS, { customer, creditType: dataset.creditType, since });
    }
    say(true);
  }

  function connect() {
    const address = new URL(`${location.pathname}/live`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, "graphql-transport-ws");
    const acts = {
      connection_ack: () => listen(socket),
      next: change,
      // Stop updating where subscribing is refused, such as where only trusted documents are allowed.
      error: () => say(false),
      ping: () => socket.send(JSON.stringify({ type: "pong" })),
    };
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "connection_init" })));
    socket.addEventListener("message", ({ data }) => {
      failures = 0;
      acts[JSON.parse(data).type]?.();
    });
    socket.addEventListener("close", ({ code }) => {
      say(false);
      // From 4400 on the fault is on this side, such as an expired token: connecting again would not help.
      if (code < 4400) {
        failures += 1;
        setTimeout(connect, Math.min(LONGEST_WAIT_MS, PAUSE_MS * 2 ** (failures - 1)));
      }
    });
  }

  document.addEventListener("visibilitychange", () => stale && change());
  connect();
})();
