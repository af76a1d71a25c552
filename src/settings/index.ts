export * from './settings';
export * from './tokens';
