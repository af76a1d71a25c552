export * from './companion';
export * from './content';
export * from './metadata';
export * from './show';
