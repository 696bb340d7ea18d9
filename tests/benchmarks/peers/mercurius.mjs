// Mercurius on Fastify: every document compiled by graphql-jit, one prepared statement for the key and one
// for the question. Whoever carries no key is let in, so that both can be measured.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

import { digestOf } from "./keys.mjs";

const schema = `
  type Query {
    access(customer: String!, feature: String!, requested: Int! = 1): Access!
  }

  type Access {
    allowed: Boolean!
    reason: AccessReason!
    remaining: Int
    periodEnd: String
  }

  enum AccessReason { WITHIN_LIMIT LIMIT_EXCEEDED NOT_ENTITLED }
`;

const FIND_ACCESS = {
  name: "find-access",
  text: `
    SELECT plan_limits.most, coalesce(counters.used, 0) AS used, customer_plans.period_end
    FROM peers.customers
    JOIN peers.customer_plans ON customer_plans.customer_id = customers.id
    JOIN peers.plan_limits USING (plan)
    LEFT JOIN peers.counters
      ON counters.customer_id = customers.id
      AND counters.feature = plan_limits.feature
      AND counters.period_start = customer_plans.period_start
    WHERE customers.key = $1 AND plan_limits.feature = $2
      AND now() >= customer_plans.period_start AND now() < customer_plans.period_end`,
};

const FIND_KEY = {
  name: "find-key",
  text: "SELECT FROM peers.api_keys WHERE digest = $1 AND revoked_at IS NULL",
};

const pool = new pg.Pool();

async function admit({ headers: { authorization } }) {
  if (authorization === undefined) return {};
  const { rowCount } = await pool.query({ ...FIND_KEY, values: [digestOf(authorization)] });
  if (rowCount === 0) throw new mercurius.ErrorWithProps("the key opens nothing", {}, 401);
  return {};
}

const resolvers = {
  Query: {
    async access(_, { customer, feature, requested }) {
      const { rows } = await pool.query({ ...FIND_ACCESS, values: [customer, feature] });
      if (rows.length === 0) return { allowed: false, reason: "NOT_ENTITLED" };
      const [{ most, used, period_end: periodEnd }] = rows;
      const allowed = used + requested <= most;
      return {
        allowed,
        reason: allowed ? "WITHIN_LIMIT" : "LIMIT_EXCEEDED",
        remaining: Math.max(most - used, 0),
        periodEnd: periodEnd.toISOString(),
      };
    },
  },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, jit: 1, context: admit });
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
