export * from './kinds';
export * from './mark';
