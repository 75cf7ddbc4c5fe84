import { startsWith } from '../core/bytes.ts';
import type { Validator, Validators } from './validator.ts';

/** Finds the rule for a key. */
export class ValidatorRegistry {
  readonly #default: Validator;
  readonly #namespaces: readonly { readonly prefix: Uint8Array; readonly validator: Validator }[];

  /** @throws TypeError when there is no default, or something is no validator. */
  constructor(validators: Validators) {
    if (typeof validators !== 'object' || validators === null) throw new TypeError('validators must name at least a default');
    this.#default = checked('default', validators.default);
    const encoder = new TextEncoder();
    this.#namespaces = Object.entries(validators.namespaces ?? {})
      .map(([name, validator]) => ({ prefix: encoder.encode(name), validator: checked(name, validator) }))
      .sort((one, other) => other.prefix.length - one.prefix.length);
  }

  of(key: Uint8Array): Validator {
    for (const { prefix, validator } of this.#namespaces) if (startsWith(key, prefix)) return validator;
    return this.#default;
  }
}

function checked(name: string, validator: Validator | undefined): Validator {
  if (typeof validator?.validate !== 'function') throw new TypeError(`validators: ${name} has no validate function`);
  return validator;
}
