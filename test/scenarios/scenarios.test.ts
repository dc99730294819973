import { describe, it } from 'vitest';
import { CACHE_SCENARIOS } from './cache-scenarios.js';
import { FORWARD_SCENARIOS } from './forward-scenarios.js';
import { runScenario } from './scenario-run.js';

describe('forward', () => {
  for (const scenario of FORWARD_SCENARIOS) it(scenario.title, () => runScenario(scenario));
});

describe('cache', () => {
  for (const scenario of CACHE_SCENARIOS) it(scenario.title, () => runScenario(scenario));
});
