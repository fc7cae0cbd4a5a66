// Loaded by `npm start` (`node --import`). npm hands a SIGTERM to the shell that it started, and that one dies without telling us:
// we would run on, with nobody left who could stop us. So we look whether our parent is still the one that started us.
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';

const LOOK_EVERY_MS = 500;
const parent = process.ppid;

const timer = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGTERM');
}, LOOK_EVERY_MS);
timer.unref();
