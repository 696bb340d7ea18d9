-- The question's facts, as someone would lay them out who asks nothing else of them.
CREATE SCHEMA peers;
SET search_path TO peers;

CREATE TABLE api_keys (
    digest text PRIMARY KEY,
    revoked_at timestamptz
);

CREATE TABLE customers (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    key text NOT NULL UNIQUE
);

CREATE TABLE plan_limits (
    plan text NOT NULL,
    feature text NOT NULL,
    most integer NOT NULL,
    PRIMARY KEY (plan, feature)
);

CREATE TABLE customer_plans (
    customer_id integer NOT NULL REFERENCES customers,
    plan text NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    PRIMARY KEY (customer_id, plan)
);

CREATE TABLE counters (
    customer_id integer NOT NULL REFERENCES customers,
    feature text NOT NULL,
    period_start timestamptz NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (customer_id, feature, period_start)
);

-- The rest is PostGraphile's, which makes a field of the view: what the others decide and look up in their
-- own language is decided and looked up in SQL.
CREATE VIEW accesses WITH (security_invoker) AS
SELECT
    customers.key AS customer,
    plan_limits.feature,
    coalesce(counters.used, 0) < plan_limits.most AS allowed,
    CASE WHEN coalesce(counters.used, 0) < plan_limits.most
        THEN 'WITHIN_LIMIT' ELSE 'LIMIT_EXCEEDED' END AS reason,
    greatest(plan_limits.most - coalesce(counters.used, 0), 0) AS remaining,
    customer_plans.period_end
FROM customers
JOIN customer_plans ON customer_plans.customer_id = customers.id
JOIN plan_limits USING (plan)
LEFT JOIN counters
    ON counters.customer_id = customers.id
    AND counters.feature = plan_limits.feature
    AND counters.period_start = customer_plans.period_start
WHERE now() >= customer_plans.period_start AND now() < customer_plans.period_end;

COMMENT ON VIEW accesses IS '@primaryKey customer,feature';

-- Whoever carries a key asks in this role, and sees customers only if the key opens.
CREATE ROLE caller;
GRANT USAGE ON SCHEMA peers TO caller;
GRANT SELECT ON ALL TABLES IN SCHEMA peers TO caller;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY with_a_key ON customers FOR SELECT TO caller USING (EXISTS (
    SELECT FROM api_keys WHERE digest = current_setting('peers.digest') AND revoked_at IS NULL
));
