/** Runs once before the suite. Tests that need an outside program ask `test/support/need.ts` for it. */
export default function setup(): void {}
