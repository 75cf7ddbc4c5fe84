import { Key } from 'interface-datastore';
import { fromHex, toHex } from '../../core/hex.ts';

/**
 * Where rows are filed: `<prefix>/v/<key>` and `<prefix>/p/<key>/<provider>`, keys in hex. Hex, because
 * some datastores fold the case of letters or take no others; slashes, because a query's prefix is text:
 * `…/61` would match `…/6161` too, `…/61/` does not.
 */
export class RowKeys {
  /** Prefix of queries for value rows. */
  readonly values: string;
  /** Prefix of queries for provider rows. */
  readonly providers: string;

  /** @throws TypeError for a prefix that is no path. */
  constructor(prefix: string) {
    if (!/^(?:\/[A-Za-z0-9_.-]+)+$/.test(prefix)) throw new TypeError(`prefix must be a path such as /records, got ${prefix}`);
    this.values = `${prefix}/v/`;
    this.providers = `${prefix}/p/`;
  }

  value(key: Uint8Array): Key {
    return new Key(this.values + toHex(key), false);
  }

  provider(key: Uint8Array, provider: Uint8Array): Key {
    return new Key(`${this.providers}${toHex(key)}/${toHex(provider)}`, false);
  }

  /** Undefined for a row that this package did not file. */
  readValue(path: string): Uint8Array | undefined {
    return path.startsWith(this.values) ? nonEmpty(path.slice(this.values.length)) : undefined;
  }

  /** Undefined for a row that this package did not file. */
  readProvider(path: string): { key: Uint8Array; provider: Uint8Array } | undefined {
    if (!path.startsWith(this.providers)) return undefined;
    const [keyText = '', providerText = '', ...more] = path.slice(this.providers.length).split('/');
    const [key, provider] = [nonEmpty(keyText), nonEmpty(providerText)];
    return key === undefined || provider === undefined || more.length > 0 ? undefined : { key, provider };
  }
}

function nonEmpty(text: string): Uint8Array | undefined {
  return text.length === 0 ? undefined : fromHex(text);
}
