// Mercurius on Fastify: every document compiled by graphql-jit, and one prepared statement for the question.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

import { contextOf } from "./keys.mjs";

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

const FIND = {
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

const pool = new pg.Pool();

const resolvers = {
  Query: {
    async access(_, { customer, feature, requested }) {
      const { rows } = await pool.query({ ...FIND, values: [customer, feature] });
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
app.register(mercurius, {
  schema,
  resolvers,
  jit: 1,
  context: (request) => contextOf(pool, request.headers.authorization),
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
