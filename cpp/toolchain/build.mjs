// `npm run build`: the npm package, from the C++ to web/dist.

import { buildPackage, printSizes } from './build/package.mjs';
import { setUp } from './build/setup.mjs';
import { main } from './setup/steps.mjs';

await main(async () => {
  await buildPackage(await setUp());
  await printSizes();
});
