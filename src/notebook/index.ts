export * from './content';
export * from './metadata';
