// Who asks: the key that a request carries, looked up. Who carries none is let in unseen, so that both can
// be measured.
import { createHash } from "node:crypto";

const FIND = {
  name: "find-key",
  text: "SELECT FROM peers.api_keys WHERE digest = $1 AND revoked_at IS NULL",
};

/** Gives the context in which a request's document runs, where its key opens anything. */
export async function contextOf(pool, authorization) {
  if (authorization === undefined) return {};
  const secret = authorization.replace(/^Bearer /i, "");
  const digest = createHash("sha256").update(secret).digest("hex");
  const { rowCount } = await pool.query({ ...FIND, values: [digest] });
  if (rowCount === 0) throw new Error("the key opens nothing");
  return {};
}
