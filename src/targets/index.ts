export * from './dialog';
export * from './model';
export * from './select';
export * from './tokens';
export * from './toolbar';
