// What a program in TypeScript can rely on: compiled under --strict, never run.
import type { ResultOf, VariablesOf } from "@graphql-typed-document-node/core";
import { CheckDocument, ReportDocument, type AccessReason } from "./gql/graphql";

type Check = ResultOf<typeof CheckDocument>;
type Report = ResultOf<typeof ReportDocument>;

export const asked: VariablesOf<typeof CheckDocument> = { c: "acme" };

// @ts-expect-error a key is a text
export const wrong: VariablesOf<typeof CheckDocument> = { c: 1 };

// @ts-expect-error a key is needed
export const missing: VariablesOf<typeof CheckDocument> = {};

export const allowed = (answer: Check): boolean => answer.access.allowed;

export const reason = (answer: Check): AccessReason => answer.access.reason;

export const left = (answer: Check): string => answer.access.usage?.remaining ?? "unlimited";

// @ts-expect-error there may be no usage
export const used = (answer: Check): string => answer.access.usage.remaining;

// @ts-expect-error a quantity is no float
export const doubled = (answer: Report): number => (answer.reportUsage.recorded ?? 0) * 2;

export const codes = (answer: Report): string[] => answer.reportUsage.userErrors.map((one) => one.code);
