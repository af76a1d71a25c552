export * from './button';
export * from './chooser';
export * from './model';
export * from './tokens';
export * from './toolbar';
export * from './words';
