// A node's metrics in the text format of Prometheus, without any library.
import { DaveNode, type MetricSample, type MetricSpec, type MetricsRegistrar } from '@p2p/dave-node';
import { generateKeyPair } from '@p2p/dave-wire';

class TextMetrics implements MetricsRegistrar {
  readonly #read: (() => string)[] = [];

  counter(spec: MetricSpec, read: () => readonly MetricSample[]): void {
    this.#add('counter', spec, read);
  }

  gauge(spec: MetricSpec, read: () => readonly MetricSample[]): void {
    this.#add('gauge', spec, read);
  }

  histogram({ name, help }: MetricSpec & { readonly bucketsSeconds: readonly number[] }): ReturnType<MetricsRegistrar['histogram']> {
    // How often and how long in all; the buckets are left to libraries.
    let count = 0;
    let sum = 0;
    this.#read.push(() => `# HELP ${name} ${help}\n# TYPE ${name} summary\n${name}_count ${count}\n${name}_sum ${sum}`);
    return {
      observe: (seconds) => {
        count += 1;
        sum += seconds;
      },
    };
  }

  toString(): string {
    return `${this.#read.map((read) => read()).join('\n')}\n`;
  }

  #add(type: string, { name, help }: MetricSpec, read: () => readonly MetricSample[]): void {
    this.#read.push(() => {
      const lines = read().map(({ value, labels = {} }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
        return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
      });
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
    });
  }
}

const node = await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen: '127.0.0.1:0' });
try {
  const metrics = new TextMetrics();
  node.metrics(metrics);
  await node.put('key', new TextEncoder().encode('value'));
  process.stdout.write(metrics.toString());
} finally {
  await node.close();
}
