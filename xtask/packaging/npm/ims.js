#!/usr/bin/env node
// The command `ims`, for `npx ims` and scripts of package.json.

import { spawnSync } from 'node:child_process';
import { command } from './index.js';

const { status, signal, error } = spawnSync(command(), process.argv.slice(2), { stdio: 'inherit' });
if (error) throw error;
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
