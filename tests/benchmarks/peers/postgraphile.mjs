// PostGraphile on Node's own HTTP server: its recommended preset, and a field that it makes of a view.
import { createServer } from "node:http";

import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

import { contextOf } from "./keys.mjs";

const pool = new pg.Pool();

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ["peers"] })],
  grafserv: { graphiql: false, watch: false },
  grafast: { context: ({ node }) => contextOf(pool, node.req.headers.authorization) },
};

const serv = postgraphile(preset).createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  throw error;
});
await serv.addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
