// Preloaded by tests: makes the optional native package look as if it were not installed.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === 'fs-native-extensions') throw Object.assign(new Error('hidden by the test'), { code: 'ERR_MODULE_NOT_FOUND' });
    return nextResolve(specifier, context);
  },
});
