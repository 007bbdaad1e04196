#!/usr/bin/env node
/** The command `coppice`: the program of src/cli with the host of this package. Runs when it is imported. */
import { runProgram } from '../src/cli/main.ts';
import { startHost } from './main.ts';

void runProgram(process.argv.slice(2), startHost);
