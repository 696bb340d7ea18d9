// What urql makes of a server: node urql.mjs ADDRESS KEY. Prints a line of JSON for each thing tried.
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const [, , url, key] = process.argv;
const requests = [];

const watched = async (address, request) => {
  const answer = await fetch(address, request);
  requests.push([request.method ?? "GET", answer.status]);
  return answer;
};

const client = (...exchanges) =>
  new Client({
    url,
    exchanges: [cacheExchange, ...exchanges, fetchExchange],
    fetch: watched,
    fetchOptions: { headers: { authorization: `Bearer ${key}` } },
    preferGetMethod: false,
    requestPolicy: "network-only",
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

const told = (name, value) => console.log(JSON.stringify({ name, value, requests: requests.splice(0) }));
const codes = ({ error }) => error?.graphQLErrors.map((one) => one.extensions.code) ?? [];

const nimbus = { customer: "nimbus" };
const plain = client();
told("query", (await plain.query(CHECK, nimbus)).data.access);
const given = { customer: "nimbus", feature: "orders", value: "1", idempotencyKey: "urql" };
told("mutation", (await plain.mutation(REPORT, { input: given })).data.reportUsage);
const nobody = { customer: "nobody", feature: "orders", value: "1" };
told("user error", (await plain.mutation(REPORT, { input: nobody })).data.reportUsage);
told("field error", codes(await plain.query(WRONG, {})));
told("invalid", codes(await plain.query(INVALID, {})));

const persisted = client(persistedExchange({ preferGetForPersistedQueries: true }));
told("persisted, first", (await persisted.query(CHECK, nimbus)).data.access.allowed);
told("persisted, again", (await persisted.query(CHECK, nimbus)).data.access.allowed);
