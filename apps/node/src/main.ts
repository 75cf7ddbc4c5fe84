#!/usr/bin/env node
import { asksForTracing, restartTraced } from './restart-traced.ts';

/** Which of the two builds of the program this is, the export conditions of the process decide. */
const PROGRAM = '#dave';
const isTraced = import.meta.resolve(PROGRAM).includes('/traced/');

if (!isTraced && asksForTracing(process.argv.slice(2))) await restartTraced(process);
else await ((await import(PROGRAM)) as { runDave(): Promise<void> }).runDave();
