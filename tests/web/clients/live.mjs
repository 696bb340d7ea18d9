// What clients of others hear over a WebSocket: node live.mjs ADDRESS KEY. Prints a line of JSON for each thing tried.
import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client as Urql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [, , address, key] = process.argv;
const url = address.replace(/^http/, "ws");

const open = (secret = key, options = {}) =>
  createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 0,
    connectionParams: () => ({ Authorization: `Bearer ${secret}` }),
    ...options,
  });

const LIVE = `subscription Live($since: Revision) {
  accessChanged(customer: "nimbus", features: ["orders"], since: $since) {
    initial
    revision
    access { allowed usage { used } }
  }
}`;
const REPORT = `mutation Report($n: Decimal!) {
  reportUsage(input: { customer: "nimbus", feature: "orders", value: $n }) { recorded }
}`;

const told = (name, value) => console.log(JSON.stringify({ name, value }));

const report = (n) =>
  fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: REPORT, variables: { n } }),
  });

const initials = (changes) => changes.map((change) => change.initial);

// graphql-ws itself.
const client = open();
const once = async (query, variables) => {
  for await (const answer of client.iterate({ query, variables })) return answer;
};
told("query", (await once("{ viewer { kind } }")).data.viewer.kind);
told("mutation", (await once(REPORT, { n: "1" })).data.reportUsage.recorded);
try {
  await once("{ nothing }");
} catch (errors) {
  told("invalid", errors.map((error) => error.extensions.code));
}
const heard = [];
for await (const { data } of client.iterate({ query: LIVE })) {
  heard.push(data.accessChanged);
  if (heard.length === 2) break;
  await report("2");
}
told("subscription", [initials(heard), heard[1].access.usage.used - heard[0].access.usage.used]);
const resumed = [];
for await (const { data } of client.iterate({ query: LIVE, variables: { since: heard[0].revision } })) {
  resumed.push(data.accessChanged);
  break;
}
told("resumed after a change", initials(resumed));
await client.dispose();

const closed = new Promise((resolve) => {
  const stranger = open("sk_0123456789ab_wrong", { on: { closed: ({ code }) => resolve(code) } });
  stranger.subscribe({ query: LIVE }, { next() {}, error() {}, complete() {} });
});
told("a wrong key", await closed);

// Apollo Client and urql on top of it.
const listen = (subscribe) =>
  new Promise((resolve, reject) => {
    const changes = [];
    const stop = subscribe({
      error: reject,
      next: ({ data }) => {
        changes.push(data.accessChanged);
        if (changes.length === 2) resolve([initials(changes), stop]);
        else report("3");
      },
    });
  });
const apolloLink = open();
const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(apolloLink) });
const [byApollo] = await listen((sink) => apollo.subscribe({ query: gql(LIVE) }).subscribe(sink));
told("Apollo Client", byApollo);
await apolloLink.dispose();

const urqlLink = open();
const forward = ({ query, variables }) => ({
  subscribe: (sink) => ({ unsubscribe: urqlLink.subscribe({ query, variables }, sink) }),
});
const urql = new Urql({
  url: address,
  exchanges: [subscriptionExchange({ forwardSubscription: forward })],
  preferGetMethod: false,
});
const [byUrql] = await listen((sink) => urql.subscription(LIVE, {}).subscribe(sink.next));
told("urql", byUrql);
await urqlLink.dispose();
process.exit(0);
