// The page on quantizers for a known distribution. Each part has a worker of its own: choosing does not wait for the
// simulation.

import './choose.ts';
import './simulate.ts';
