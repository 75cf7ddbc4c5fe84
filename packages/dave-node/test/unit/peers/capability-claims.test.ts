import type { Capabilities } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { CapabilityClaims } from '../../../src/core/peers/capability-claims.ts';

const OURS: Capabilities = { putAck: true, directedDiscovery: false, client: false, protocolVersion: 1 };
const CLIENT: Capabilities = { ...OURS, client: true };

test('the first claim counts at once', () => {
  const claims = new CapabilityClaims();
  expect(claims.heard).toBe(false);
  claims.hear(OURS, 0);
  expect(claims.heard).toBe(true);
  expect(claims.value).toEqual(OURS);
});

test('a contradicted claim counts again after PINGs of three intervals in a row agree, and as nothing until then', () => {
  const claims = new CapabilityClaims();
  claims.hear(OURS, 0);
  const values = [CLIENT, CLIENT, CLIENT, undefined, CLIENT, CLIENT, OURS, OURS, OURS].map((claim, interval) => {
    claims.hear(claim, interval);
    return claims.value;
  });
  expect(values).toEqual([undefined, undefined, CLIENT, undefined, undefined, undefined, undefined, undefined, OURS]);
});

test('a claim is copied', () => {
  const claims = new CapabilityClaims();
  const claim = { ...OURS };
  claims.hear(claim, 0);
  claim.client = true;
  expect(claims.value).toEqual(OURS);
});

test('however many PINGs a forger sends, it makes no claim count while the peer itself speaks once an interval', () => {
  const claims = new CapabilityClaims();
  claims.hear(OURS, 0);
  for (let interval = 1; interval < 50; interval++) {
    for (let forged = 0; forged < 20; forged++) {
      if (forged === interval % 20) claims.hear(OURS, interval);
      claims.hear(CLIENT, interval);
      expect(claims.value?.client ?? false).toBe(false);
    }
  }
});
