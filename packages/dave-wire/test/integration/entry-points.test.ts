import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/*
 * The built package as its users get it: by name, through the export conditions, in a process of
 * its own so that vitest resolves nothing.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function run(code: string, flags: readonly string[] = ['--input-type=module']): unknown {
  return JSON.parse(execFileSync(process.execPath, [...flags, '--eval', code], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
}

const NAMES = `console.log(JSON.stringify(Object.keys(wire).sort()))`;

describe('entry points', () => {
  const inNode = run(`import * as wire from '@p2p/dave-wire'; ${NAMES}`);

  it('export the same names in Node and elsewhere', () => {
    const elsewhere = run(`import * as wire from './dist/index.js'; ${NAMES}`);
    expect(elsewhere).toEqual(inNode);
    expect(inNode).toContain('createDat');
  });

  it('can be required: there is no top-level await', () => {
    expect(run(`const wire = require('@p2p/dave-wire'); ${NAMES}`, [])).toEqual(inNode);
    expect(run(`const wire = require('@p2p/dave-wire/node'); ${NAMES}`, [])).toEqual(['nodeBackend', 'sodiumBackend', 'sodiumFailure']);
  });

  it('choose sodium in Node and noble elsewhere', () => {
    expect(run(`import { defaultBackend } from '@p2p/dave-wire'; console.log(JSON.stringify(defaultBackend().name))`)).toBe('sodium');
    expect(run(`import { defaultBackend } from './dist/index.js'; console.log(JSON.stringify(defaultBackend().name))`)).toBe('noble');
  });

  it('choose node:crypto where sodium-native is not installed, and say why', () => {
    const code = `
      const { registerHooks } = require('node:module');
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === 'sodium-native') throw Object.assign(new Error('not installed'), { code: 'MODULE_NOT_FOUND' });
        return next(specifier, context);
      } });
      const { defaultBackend, generateKeyPair, createDat, verifyDatSync } = require('@p2p/dave-wire');
      const { sodiumBackend, sodiumFailure } = require('@p2p/dave-wire/node');
      createDat({ ...generateKeyPair(), key: 'k', value: new Uint8Array(1) }).then((dat) => console.log(JSON.stringify([
        defaultBackend().name, sodiumBackend === undefined, sodiumFailure.code, verifyDatSync(dat, { now: Date.now() }).valid,
      ])));`;
    expect(run(code, [])).toEqual(['node', true, 'MODULE_NOT_FOUND', true]);
  });

  it('choose noble where node:crypto lacks ed25519', () => {
    const code = `
      const { registerHooks } = require('node:module');
      const crypto = require('node:crypto');
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === 'sodium-native') throw new Error('not installed');
        return next(specifier, context);
      } });
      crypto.sign = () => { throw new Error('unsupported algorithm'); };
      require('node:module').syncBuiltinESMExports();
      console.log(JSON.stringify(require('@p2p/dave-wire').defaultBackend().name));`;
    expect(run(code, [])).toBe('noble');
  });

  it('share one instance: a backend from /node is the one that is chosen', () => {
    const code = `
      import { defaultBackend } from '@p2p/dave-wire';
      import { sodiumBackend } from '@p2p/dave-wire/node';
      console.log(JSON.stringify(defaultBackend() === sodiumBackend));`;
    expect(run(code)).toBe(true);
  });

  it('have a single file of types for both variants', () => {
    const manifest = createRequire(import.meta.url)('../../package.json') as { exports: { '.': Record<string, string> } };
    expect(Object.keys(manifest.exports['.'])).toEqual(['types', 'node', 'default']);
    expect(readFileSync(`${ROOT}/dist/index.d.ts`, 'utf8')).toContain('createDat');
  });
});
