export * from './drawing';
export * from './labels';
export * from './layouter';
export * from './model';
export * from './scene';
export * from './worker';
