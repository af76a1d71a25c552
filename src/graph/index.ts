export * from './drawing';
export * from './ids';
export * from './labels';
export * from './layouter';
export * from './model';
export * from './scene';
export * from './view';
export * from './worker';
