// What Apollo Client makes of a server: node apollo.mjs ADDRESS KEY. Prints a line of JSON for each thing tried.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const [, , uri, key] = process.argv;
const requests = [];

const watched = async (address, request) => {
  const answer = await fetch(address, request);
  requests.push([request.method, answer.status]);
  return answer;
};

const client = (...links) =>
  new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([...links, new HttpLink({ uri, fetch: watched, headers: { authorization: `Bearer ${key}` } })]),
  });

const CHECK = gql`
  query Check($customer: String!) {
    access(customer: $customer, feature: "orders") {
      allowed
      usage {
        used
      }
    }
  }
`;
const REPORT = gql`
  mutation Report($input: ReportUsageInput!) {
    reportUsage(input: $input) {
      recorded
      userErrors {
        code
        path
      }
    }
  }
`;
const WRONG = gql`
  query Wrong {
    plans(first: 0) {
      totalCount
    }
  }
`;
const INVALID = gql`
  query Invalid {
    nothing
  }
`;

const nimbus = { variables: { customer: "nimbus" }, fetchPolicy: "network-only" };

const told = (name, value) => console.log(JSON.stringify({ name, value, requests: requests.splice(0) }));

const codes = async (asked) => {
  try {
    await asked;
    return [];
  } catch (error) {
    if (!CombinedGraphQLErrors.is(error)) throw error;
    return error.errors.map((one) => one.extensions.code);
  }
};

const plain = client();
told("query", (await plain.query({ query: CHECK, ...nimbus })).data.access);
const given = { customer: "nimbus", feature: "orders", value: "1", idempotencyKey: "apollo" };
told("mutation", (await plain.mutate({ mutation: REPORT, variables: { input: given } })).data.reportUsage);
const nobody = { customer: "nobody", feature: "orders", value: "1" };
told("user error", (await plain.mutate({ mutation: REPORT, variables: { input: nobody } })).data.reportUsage);
told("field error", await codes(plain.query({ query: WRONG })));
told("invalid", await codes(plain.query({ query: INVALID })));

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const persisted = client(new PersistedQueryLink({ sha256, useGETForHashedQueries: true }));
told("persisted, first", (await persisted.query({ query: CHECK, ...nimbus })).data.access.allowed);
told("persisted, again", (await persisted.query({ query: CHECK, ...nimbus })).data.access.allowed);
