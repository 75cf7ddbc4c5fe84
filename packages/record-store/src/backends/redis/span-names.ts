import type { TracedWork } from '../../trace/traced-work.ts';
import { ADD_SCRIPT } from './script-add.ts';
import { PUT_SCRIPT } from './script-put.ts';
import { EXPIRE_SCRIPT, POLICY_SCRIPT, REMOVE_PROVIDER_SCRIPT, REMOVE_SCRIPT } from './scripts.ts';

/** The same, told a command or a script instead of a name. */
export function withSpanNames(trace: TracedWork | undefined): TracedWork | undefined {
  return trace && ((what, work) => trace(spanOf(what), work));
}

function spanOf(commandOrScript: string): string {
  switch (commandOrScript) {
    case PUT_SCRIPT:
      return 'records.redis.putMany';
    case ADD_SCRIPT:
      return 'records.redis.addProvider';
    case REMOVE_SCRIPT:
      return 'records.redis.remove';
    case REMOVE_PROVIDER_SCRIPT:
      return 'records.redis.removeProvider';
    case EXPIRE_SCRIPT:
      return 'records.redis.expire';
    case POLICY_SCRIPT:
      return 'records.redis.open';
    case 'GET':
      return 'records.redis.get';
    case 'MGET':
      return 'records.redis.mget';
    case 'HGET':
      return 'records.redis.hget';
    case 'HGETALL':
      return 'records.redis.hgetall';
    case 'ZRANGEBYLEX':
      return 'records.redis.scan';
    default:
      return 'records.redis.read';
  }
}
