// PostGraphile on Node's own HTTP server: its recommended preset, a field that it makes of a view, and the
// key handed to PostgreSQL, whose policy looks it up. Whoever carries no key asks as the owner of it all.
import { createServer } from "node:http";

import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

import { digestOf } from "./keys.mjs";

function callerWith(authorization) {
  if (authorization === undefined) return {};
  return { pgSettings: { role: "caller", "peers.digest": digestOf(authorization) } };
}

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool: new pg.Pool(), schemas: ["peers"] })],
  grafserv: { graphiql: false, watch: false },
  grafast: { context: ({ node }) => callerWith(node.req.headers.authorization) },
};

const serv = postgraphile(preset).createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  throw error;
});
await serv.addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
