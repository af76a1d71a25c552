export * from './note';
