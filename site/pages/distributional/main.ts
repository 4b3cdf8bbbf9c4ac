// The page on quantizers for a known distribution. Each part has its own worker, so that choosing does not
// wait for the simulation.

import './choose.ts';
import './simulate.ts';
