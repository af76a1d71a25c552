export * from './executor';
export * from './follow';
export * from './manager';
export * from './notebookruns';
export * from './queue';
export * from './states';
export * from './tokens';
