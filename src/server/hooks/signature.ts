import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A webhook as the server checks it. Exactly one of `secret` and `token` is there. */
export interface HookSettings {
  readonly name: string;
  readonly secret: string | undefined;
  readonly signature: 'timestamp' | 'github';
  /** How far a timestamp may be from now, in both directions. */
  readonly toleranceSeconds: number;
  readonly token: string | undefined;
  /** Web pages that may call it. */
  readonly origins: readonly string[];
  readonly maxBodyBytes: number;
}

export interface SignedRequest {
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  readonly nowMs: number;
}

/** Why a request is refused, for its sender; or what tells it from every other one with a signature of its own. */
export type Verification =
  | { readonly isGenuine: false; readonly reason: string }
  | { readonly isGenuine: true; readonly signature?: string };

export function verify(hook: HookSettings, request: SignedRequest): Verification {
  if (hook.token !== undefined) return verifyToken(hook.token, request);
  if (hook.secret === undefined) return refused('This webhook has no secret.');
  return hook.signature === 'github'
    ? verifyGithub(hook.secret, request)
    : verifyTimestamp(hook.secret, hook.toleranceSeconds, request);
}

function verifyToken(token: string, request: SignedRequest): Verification {
  const given = /^Bearer (.+)$/i.exec(request.header('authorization') ?? '')?.[1];
  if (given === undefined) return refused('The header Authorization: Bearer is missing.');
  return isSame(given, token) ? { isGenuine: true } : refused('The token is not the right one.');
}

function verifyGithub(secret: string, request: SignedRequest): Verification {
  const given = request.header('x-hub-signature-256');
  if (given === undefined) return refused('The header X-Hub-Signature-256 is missing.');
  const expected = `sha256=${createHmac('sha256', secret).update(request.body).digest('hex')}`;
  return isSame(given, expected) ? { isGenuine: true } : refused('The signature does not fit the body.');
}

function verifyTimestamp(secret: string, toleranceSeconds: number, request: SignedRequest): Verification {
  const given = request.header('millrace-signature');
  if (given === undefined) return refused('The header Millrace-Signature is missing.');
  const parts = given.split(',').map((part) => part.trim().split('='));
  const seconds = Number(parts.find(([name]) => name === 't')?.[1] ?? Number.NaN);
  const candidates = parts.flatMap(([name, value]) => (name === 'v1' && value !== undefined ? [value] : []));
  if (!Number.isInteger(seconds) || candidates.length === 0)
    return refused('Millrace-Signature has to look like t=<seconds>,v1=<hex>.');
  const digest = createHmac('sha256', secret).update(`${seconds}.`).update(request.body).digest('hex');
  if (!candidates.some((candidate) => isSame(candidate, digest)))
    return refused('The signature does not fit the body.');
  if (Math.abs(request.nowMs / 1000 - seconds) > toleranceSeconds)
    return refused(`The signature is not of the last ${toleranceSeconds} seconds.`);
  return { isGenuine: true, signature: digest };
}

function refused(reason: string): Verification {
  return { isGenuine: false, reason };
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
