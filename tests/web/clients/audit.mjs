// Holds a server against the standard: node audit.mjs ADDRESS KEY. Prints a line of JSON for each audit.
import { serverAudits } from "graphql-http";

const [, , url, key] = process.argv;

const fetchFn = (address, request = {}) =>
  fetch(address, { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } });

for (const audit of serverAudits({ url, fetchFn })) {
  const { status, reason } = await audit.fn();
  console.log(JSON.stringify({ name: audit.name, status, reason }));
}
