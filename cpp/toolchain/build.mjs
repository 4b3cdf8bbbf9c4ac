// `npm run build`: the npm package, from the C++ to web/dist.

import { buildPackage, printSizes } from './package.mjs';
import { setUp } from './setup.mjs';
import { main } from './steps.mjs';

await main(async () => {
  await buildPackage(await setUp());
  printSizes();
});
