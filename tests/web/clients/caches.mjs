// What the caches of Apollo Client and Relay make of two states of one thing: node caches.mjs ADDRESS KEY ARTIFACT.
// ARTIFACT is what relay-compiler makes of states.graphql. Prints a line of JSON for each cache.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import relay from "relay-runtime";

const [, , uri, key, artifact] = process.argv;
const text = readFileSync(new URL("states.graphql", import.meta.url), "utf8");
const { default: request } = await import(artifact);

const ask = async (query, variables = {}) => {
  const answer = await fetch(uri, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};

const act = (name, input, chosen) => ask(`mutation { ${name}(input: ${input}) { ${chosen} userErrors { message } } }`);

// 100 credits of which 20 are spent, and 50 more after the instant that is asked about.
await act("upsertCustomer", '{ key: "hoarder" }', "revision");
await act("grantCredits", '{ customer: "hoarder", creditType: "ai-credits", amount: "100" }', "revision");
await act("consumeCredits", '{ customer: "hoarder", creditType: "ai-credits", amount: "20" }', "consumed");
const { access } = await ask('{ access(customer: "hoarder", feature: "pictures") { evaluatedAt } }');
await sleep(5);
await act("consumeCredits", '{ customer: "hoarder", creditType: "ai-credits", amount: "50" }', "consumed");
// A draft in which a price is another.
const price = 'package: "pro", key: "pro-monthly", billingPeriod: MONTHLY, amount: { amount: "99", currency: "USD" }';
await act("setPrice", `{ ${price} }`, "revision");

const variables = { at: access.evaluatedAt };
const sent = await ask(text, variables);
const told = (name, kept) => console.log(JSON.stringify({ name, sent, kept }));

const cache = new InMemoryCache();
const client = new ApolloClient({ cache, link: new HttpLink({ uri, headers: { authorization: `Bearer ${key}` } }) });
await client.query({ query: gql(text), variables });
told("Apollo Client", cache.readQuery({ query: gql(text), variables }));

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getRequest } = relay;
const network = Network.create(async () => ({ data: sent }));
const environment = new Environment({ network, store: new Store(new RecordSource()) });
const operation = createOperationDescriptor(getRequest(request), variables);
environment.retain(operation);
await fetchQuery(environment, request, variables).toPromise();
told("Relay", environment.lookup(operation.fragment).data);
