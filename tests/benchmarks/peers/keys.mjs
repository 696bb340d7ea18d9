import { createHash } from "node:crypto";

/** Gives what is kept of the key in a request's Authorization header. */
export function digestOf(authorization) {
  const secret = authorization.replace(/^Bearer /, "");
  return createHash("sha256").update(secret).digest("hex");
}
