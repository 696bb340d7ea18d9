"use strict";

(() => {
  const NAMESPACE = "allotment";
  // GraphiQL's history stores headers even where that is turned off, and headers have keys.
  const HISTORY = new Set(["graphiql:queries", "graphiql:favorites"]);

  // This script runs before anything is painted, so that the theme chosen last time applies from the start.
  const theme = localStorage.getItem(`${NAMESPACE}:graphiql:theme`);
  if (theme) {
    document.documentElement.dataset.theme = theme;
  }

  function withoutHeaders(text) {
    return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? null : value));
  }

  function openStorage() {
    const kept = GraphiQL.createLocalStorage({ namespace: NAMESPACE });
    return Object.create(kept, {
      setItem: {
        value: (key, text) => kept.setItem(key, HISTORY.has(key) ? withoutHeaders(text) : text),
      },
    });
  }

  function openingTab(config, storage) {
    if (config.query !== null) {
      return { query: config.query };
    }
    const kept = JSON.parse(storage.getItem("graphiql:tabState"));
    return kept?.tabs[kept.activeTabIndex] ?? config.tabs[0];
  }

  function start() {
    const root = document.getElementById("graphiql");
    if (typeof GraphiQL === "undefined") {
      root.firstElementChild.textContent =
        "GraphiQL could not be loaded. Its files come from a CDN unless `npm ci` was run in the server's folder.";
      return;
    }
    const config = JSON.parse(document.getElementById("config").textContent);
    const storage = openStorage();
    const opening = openingTab(config, storage);
    window.__webpack_nonce__ = config.styleNonce;

    const hint = 'Put a key under Headers, as {"Authorization": "Bearer …"}. Headers are never stored.';
    ReactDOM.createRoot(root).render(
      React.createElement(
        GraphiQL,
        {
          fetcher: GraphiQL.createFetcher({
            url: location.pathname,
            headers: { accept: "application/graphql-response+json, application/json" },
            enableIncrementalDelivery: false,
          }),
          storage,
          shouldPersistHeaders: false,
          defaultTabs: config.query === null ? config.tabs : [opening, ...config.tabs],
          query: opening.query ?? "",
          variables: opening.variables ?? "",
          defaultEditorToolsVisibility: "variables",
        },
        React.createElement(GraphiQL.Logo, null, "Allotment"),
        React.createElement(GraphiQL.Footer, null, React.createElement("p", null, hint)),
      ),
    );
  }

  document.addEventListener("DOMContentLoaded", start);
})();
