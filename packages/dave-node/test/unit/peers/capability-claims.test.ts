import type { Capabilities } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { CapabilityClaims } from '../../../src/core/peers/capability-claims.ts';

const OURS: Capabilities = { putAck: true, directedDiscovery: false, client: false, protocolVersion: 1 };
const CLIENT: Capabilities = { ...OURS, client: true };

test('the first claim counts at once', () => {
  const claims = new CapabilityClaims();
  expect(claims.heard).toBe(false);
  claims.hear(OURS);
  expect(claims.heard).toBe(true);
  expect(claims.value).toEqual(OURS);
});

test('a contradicted claim counts again after three PINGs in a row agree, and as nothing until then', () => {
  const claims = new CapabilityClaims();
  claims.hear(OURS);
  const values = [CLIENT, CLIENT, CLIENT, undefined, CLIENT, CLIENT, OURS, OURS, OURS].map((claim) => {
    claims.hear(claim);
    return claims.value;
  });
  expect(values).toEqual([undefined, undefined, CLIENT, undefined, undefined, undefined, undefined, undefined, OURS]);
});

test('a claim is copied', () => {
  const claims = new CapabilityClaims();
  const claim = { ...OURS };
  claims.hear(claim);
  claim.client = true;
  expect(claims.value).toEqual(OURS);
});
