import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * Three projects: `unit` runs from the TypeScript source; `built` needs dist/ (data workers and the
 * command as a process can only be started from JavaScript on Node 20); `cluster` needs Go, root and
 * a real control plane and is a command of its own (npm run test:cluster).
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cluster/**', 'test/e2e/**', 'test/browser/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'built',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/cluster/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

export default config;
