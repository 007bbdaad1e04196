#!/usr/bin/env node
/**
 * The command `coppice`: the program of src/cli with the host of this package, which only commands that start one load.
 * Runs when it is imported.
 */
import { runProgram } from '../src/cli/main.ts';

void runProgram(process.argv.slice(2), async (options) => (await import('./main.ts')).startHost(options));
