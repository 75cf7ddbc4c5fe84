import { toJson } from '../cli/output.ts';

/** A refusal in the shape of RFC 9457; `code` is what programs compare. */
export function problem(status: number, code: string, detail: string, details: Readonly<Record<string, unknown>> = {}): Response {
  return new Response(toJson({ type: 'about:blank', status, detail, code, details }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

export function json(value: unknown): Response {
  return new Response(toJson(value), { headers: { 'content-type': 'application/json' } });
}
